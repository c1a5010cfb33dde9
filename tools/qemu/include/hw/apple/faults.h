/*
 * Apple M1 machine: all that can be made to go wrong, under one name each
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Not hardware.  The devices have properties that make them misbehave; this
 * object, /machine/faults, is the index to them.  A fault's name is
 * DEVICE.PROPERTY, for example "rtkit.drop-hello"; what it does and what it
 * takes is said by the device's property.
 *
 * QEMU interface:
 *  + QOM property "set" (string): writing "NAME=VALUE NAME=VALUE ..." sets
 *    these faults, all or none; a value with blanks is put between quotes, as
 *    in a shell.  A fault that happens now (the list says so) is the last one.
 *    Reading gives those that differ from the start, in the same form
 *  + QOM property "list" (string list, read-only): for each fault
 *    "NAME=VALUE (TYPE) WHAT IT DOES", without a value if it happens now
 *  + QOM property "clear" (bool, write-only): true sets every fault to what it
 *    was before the machine's option "faults".  Commands that are held or
 *    firmware that is dead stay so
 */

#ifndef HW_APPLE_FAULTS_H
#define HW_APPLE_FAULTS_H

#include "qom/object.h"

#define TYPE_APPLE_FAULTS "apple-faults"
OBJECT_DECLARE_SIMPLE_TYPE(AppleFaultsState, APPLE_FAULTS)

/**
 * apple_faults_new: the index to the devices below an object
 * @parent: where the index becomes the child "faults"
 * @devices: realized, and parent of the devices by the names that the index has
 *
 * What the faults are set to now is what "clear" goes back to.
 */
AppleFaultsState *apple_faults_new(Object *parent, Object *devices);

/**
 * apple_faults_set: as writing to the property "set"
 * @s: the index
 * @text: "NAME=VALUE ..."
 * @errp: what is wrong with it
 *
 * Returns false, and has changed nothing, if there is something wrong.
 */
bool apple_faults_set(AppleFaultsState *s, const char *text, Error **errp);

/**
 * apple_faults_list: the property "list", as lines
 * @s: the index
 */
GStrv apple_faults_list(AppleFaultsState *s);

#endif

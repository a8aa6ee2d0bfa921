package main

import "runtime"

// heapFloor is how much garbage may at least pile up before it is collected, in
// octets. The daemon holds a few MiB, and makes as much garbage in some hundred
// logins: collecting by the runtime's rule alone costs a third of its speed.
const heapFloor = 16 << 20

// raiseHeapFloor counts heapFloor octets as in use that are never touched, and so
// never take memory. In proportion (GOGC) the floor would be raised under one
// Argon2id computation too, by many times 64 MiB.
func raiseHeapFloor() (release func()) {
	floor := make([]byte, heapFloor)
	return func() { runtime.KeepAlive(floor) }
}

// Package store remembers: accounts, devices, what challenges stand for, and
// the audit records. One Store speaks one SQL text to two databases; what
// differs between them is a [Dialect], made by a subpackage.
//
// It promises that what [Store.Update] returned nil for is on the disk, that
// everything in one Update happens or nothing of it, and that secrets leave the
// process only sealed.
//
// It never decides who may pass, and never imports a database driver.
//
// Times are stored as milliseconds since 1970, 0 for never. Keys are explained
// at [Keys].
package store

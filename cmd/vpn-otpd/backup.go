package main

import (
	"context"
	"errors"
	"path/filepath"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/admin"
	"vpn-otpd/store"
)

const noBackupText = "the store is a PostgreSQL database: pg_dump makes a copy of it, pg_basebackup one of the whole server; back up the store key apart from it"

// backup copies the store to a file. Its record is in the copy, too.
func (d *server) backup(ctx context.Context, actor store.Actor, into string) error {
	if err := d.accounts.NoteBackup(ctx, actor); err != nil {
		return err
	}
	err := d.store.Backup(ctx, into)
	if errors.Is(err, store.ErrNoBackup) {
		return &access.Refusal{Kind: access.RefusedRule, Text: noBackupText}
	}
	return err
}

// removeLeftovers removes what transfers have left when a daemon was killed.
func (d *server) removeLeftovers(s *admin.Server) {
	for _, folder := range []string{s.ImportFolder, s.BackupFolder} {
		if err := admin.RemoveLeftovers(folder); err != nil {
			d.logger.Warn("a file of an import may be left, with secrets in clear", "folder", folder, "error", err)
		}
	}
}

// transfers gives the admin server its way to move users, devices and the store.
func (d *server) transfers(s *admin.Server, database string) {
	s.Import, s.Export, s.Backup = d.importUsers, d.exportDevices, d.backup
	s.ImportFolder, s.BackupFolder = importFolder(database), filepath.Dir(database)
	d.removeLeftovers(s)
}

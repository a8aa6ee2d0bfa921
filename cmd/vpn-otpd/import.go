package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/admin"
	"vpn-otpd/radiusd/password/local"
	"vpn-otpd/store/exchange"
)

// readers read the formats that are text, or a tar.
var readers = map[string]func(io.Reader) (exchange.Batch, error){
	"csv":               exchange.CSV,
	admin.FormatGoogle:  exchange.GoogleAuthenticator,
	"freeradius":        exchange.FreeRADIUS,
	"radcheck":          exchange.Radcheck,
	"oath":              exchange.OATH,
	"otpauth":           exchange.URIs,
	"otpauth-migration": exchange.Migration,
}

// importUsers takes users over from a source that arrived at the admin socket.
func (d *server) importUsers(ctx context.Context, source admin.ImportSource, progress func(admin.ImportProgress)) (access.ImportReport, error) {
	batch, err := readSource(ctx, source)
	if cause := ctx.Err(); cause != nil {
		return access.ImportReport{}, cause
	}
	if err != nil { // of the source itself, in words that have no secret
		return access.ImportReport{}, &access.Refusal{Kind: access.RefusedInvalid, Text: err.Error()}
	}
	run := importer{server: d, dryRun: source.DryRun, progress: progress}
	if err := run.passwords(ctx, batch.Accounts); err != nil {
		return access.ImportReport{}, err
	}
	total := int64(len(batch.Accounts))
	report, err := d.accounts.Import(ctx, source.Actor, run.accounts, access.ImportOptions{
		Source: source.Format, DryRun: source.DryRun, Own: source.Own,
		Progress: func(done int) {
			progress(admin.ImportProgress{Phase: admin.PhaseAccounts, Done: int64(done), Total: total})
		},
	})
	if err != nil {
		return access.ImportReport{}, err
	}
	var skipped []access.ImportSkipped
	for _, s := range batch.Skipped {
		skipped = append(skipped, access.ImportSkipped(s))
	}
	report.Skipped = append(append(skipped, run.skipped...), report.Skipped...)
	d.logger.Info("imported", "format", source.Format, "dry_run", source.DryRun, "uid", source.Actor.UID,
		"users", report.Users, "devices", report.Devices, "unchanged", report.Unchanged, "skipped", len(report.Skipped))
	return report, nil
}

func readSource(ctx context.Context, source admin.ImportSource) (exchange.Batch, error) {
	if source.Format == admin.FormatEduVPN {
		return exchange.EduVPN(ctx, source.Folder, source.File)
	}
	file, err := os.Open(filepath.Join(source.Folder, source.File))
	if err != nil {
		return exchange.Batch{}, err
	}
	defer file.Close()
	return readers[source.Format](file)
}

// importer makes what the gate's accounts understand of what was read.
type importer struct {
	server   *server
	dryRun   bool
	progress func(admin.ImportProgress)
	accounts []access.ImportedAccount
	skipped  []access.ImportSkipped
}

// passwords takes all accounts over with the hashes of their passwords. Making
// one takes its time, so that all are made before the store is locked.
func (i *importer) passwords(ctx context.Context, accounts []exchange.Account) error {
	total, done := int64(0), int64(0)
	for _, account := range accounts {
		if account.Password != nil {
			total++
		}
	}
	i.accounts = make([]access.ImportedAccount, 0, len(accounts))
	for _, account := range accounts {
		imported := importedAccount(account)
		if account.Password != nil {
			if err := ctx.Err(); err != nil {
				return err
			}
			i.progress(admin.ImportProgress{Phase: admin.PhasePasswords, Done: done, Total: total})
			done++
			hash, err := i.hash(ctx, account)
			if err != nil {
				return fmt.Errorf("hashing the password of %s: %w", account.Place, err)
			}
			imported.PasswordHash = hash
		} else if account.PasswordHash != "" {
			imported.PasswordHash = i.accepted(account)
		}
		i.accounts = append(i.accounts, imported)
	}
	return nil
}

func (i *importer) skip(account exchange.Account, reason string) {
	i.skipped = append(i.skipped, access.ImportSkipped{Place: account.Place, Name: account.Name, Reason: reason})
}

// accepted is the hash of another program if it can be checked here.
func (i *importer) accepted(account exchange.Account) string {
	if err := local.CheckHash(account.PasswordHash); err != nil {
		i.skip(account, "the password is left out: "+err.Error())
		return ""
	}
	return account.PasswordHash
}

// dryHash stands for the hash that a dry run doesn't make.
const dryHash = "not made in a dry run"

// hash makes the hash of a password in clear; "" where there is one here already,
// which would not be replaced, or the name can't be one.
func (i *importer) hash(ctx context.Context, account exchange.Account) (string, error) {
	name, err := i.server.accounts.Canonical(account.Name)
	if err != nil {
		return "", nil // the import says so, too
	}
	there, _, err := i.server.store.PasswordHash(ctx, name)
	switch {
	case err != nil:
		return "", err
	case there != "":
		i.skip(account, "the password: there is one already")
		return "", nil
	case i.dryRun:
		return dryHash, nil
	}
	return i.server.local.Hash(account.Password)
}

func importedAccount(account exchange.Account) access.ImportedAccount {
	imported := access.ImportedAccount{Place: account.Place, Name: account.Name, Disabled: account.Disabled,
		Devices: make([]access.ImportedDevice, len(account.Devices))}
	for i, d := range account.Devices {
		imported.Devices[i] = access.ImportedDevice{Place: d.Place, Label: d.Label, Secret: d.Secret,
			Algorithm: d.Algorithm, Digits: d.Digits, Period: d.Period, LastStep: d.LastStep}
	}
	return imported
}

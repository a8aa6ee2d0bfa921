package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"vpn-otpd/store"
)

func copyCommand() *cobra.Command {
	var from, to string
	c := &cobra.Command{
		Use:   "copy",
		Short: "Move everything from the store of one configuration to that of another",
		Long: `Copy everything, as of one moment, from the store of one configuration into that
of another: from SQLite to PostgreSQL, or back. Users, devices, codes, logins under
way and the audit log come along. What was written is read again and compared;
where anything differs, or something fails, the other store stays empty.

Both configurations name the same store key. Stop all daemons of both stores before:
a code that is used meanwhile would count again.`,
		Example: "  vpn-otpd copy --from /etc/vpn-otpd/vpn-otpd.toml --to postgres.toml",
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if from == "" || to == "" {
				return usageError{errors.New("--from and --to are needed")}
			}
			return copyStore(c.Context(), c.OutOrStdout(), c.ErrOrStderr(), from, to)
		},
	}
	c.Flags().StringVar(&from, "from", "", "the configuration `file` of the store that is copied")
	c.Flags().StringVar(&to, "to", "", "the configuration `file` of the empty one")
	return c
}

// side is one of the two stores of a copy.
type side struct {
	config  *Config
	keys    store.Keys
	store   *store.Store
	release func() error
}

func copyStore(ctx context.Context, w, stderr io.Writer, fromPath, toPath string) (err error) {
	from, to := &side{}, &side{}
	if err := errors.Join(from.load(fromPath), to.load(toPath)); err != nil {
		return err
	}
	if from.config.Store.place() == to.config.Store.place() {
		return fmt.Errorf("both configurations name the store %s", to.config.Store.place())
	}
	if !slices.EqualFunc(from.keys, to.keys, slices.Equal) {
		return fmt.Errorf("the two configurations have different store keys: let %s name the key of %s", toPath, fromPath)
	}
	if exists, err := from.config.Store.exists(ctx); err != nil || !exists {
		return errors.Join(fmt.Errorf("there is no database %s", from.config.Store.place()), err)
	}
	for _, s := range []*side{from, to} {
		if err := s.open(ctx); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.close()) }()
	}
	progress := &copyBar{w: stderr}
	rows, err := store.Copy(ctx, from.store, to.store, progress.at)
	progress.end()
	if errors.Is(err, store.ErrNotEmpty) {
		return fmt.Errorf("the store %s can't be copied into: %w", to.config.Store.place(), err)
	}
	if err != nil {
		return err
	}
	if err := to.proveKey(ctx); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%d rows are copied to %s and compared\n", rows, to.config.Store.place())
	return err
}

func (s *side) load(path string) (err error) {
	if s.config, _, err = loadConfig(path, systemEnvironment()); err != nil {
		return err
	}
	if s.keys, err = readKeys(s.config); err != nil {
		return fmt.Errorf("reading the store key of %s: %w", path, err)
	}
	return nil
}

func (s *side) open(ctx context.Context) (err error) {
	s.release, err = s.config.Store.own()
	if errors.Is(err, errRunning) {
		return fmt.Errorf("%s: %w: stop it first", s.config.Store.place(), err)
	}
	if err != nil {
		return err
	}
	if s.store, err = s.config.Store.open(ctx, s.keys, store.Options{Node: s.config.Node}); err != nil {
		return errors.Join(err, s.release())
	}
	return nil
}

func (s *side) close() error { return errors.Join(s.store.Close(), s.release()) }

// proveKey opens the store again, with the root that came along.
func (s *side) proveKey(ctx context.Context) error {
	again, err := s.config.Store.open(ctx, s.keys, store.Options{Node: s.config.Node})
	if err != nil {
		return fmt.Errorf("opening the copy: %w", err)
	}
	return again.Close()
}

// copyBar shows on a terminal how far it is.
type copyBar struct {
	w     io.Writer
	shown time.Time
}

func (b *copyBar) at(doing string, done, total int64) {
	const width, every = 30, 100 * time.Millisecond
	file, ok := b.w.(*os.File)
	if !ok || time.Since(b.shown) < every {
		return
	}
	if info, err := file.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return
	}
	b.shown = time.Now()
	share := min(done, total) * 100 / max(total, 1)
	full := int(share) * width / 100
	fmt.Fprintf(b.w, "\r\x1b[K%-9s [%s%s] %3d %%", doing, strings.Repeat("#", full), strings.Repeat(" ", width-full), share)
}

func (b *copyBar) end() {
	if !b.shown.IsZero() {
		fmt.Fprint(b.w, "\r\x1b[K") // back, and clear the line (ECMA-48, EL)
	}
}

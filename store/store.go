package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// ErrExists: what was to be added is there already.
var ErrExists = errors.New("exists already")

// ErrNoBackup: the copy of this kind of database is made by its own tools.
var ErrNoBackup = errors.New("this kind of database is copied by its own tools")

// Options of a Store; the zero value of each field will do.
type Options struct {
	Node   string // names this daemon's audit chain; "" is "node"
	Logger *slog.Logger
	Now    func() time.Time
}

// Store is an open database. Its methods may be used in parallel.
type Store struct {
	dialect Dialect
	read    *sql.DB
	write   *sql.DB
	node    string
	logger  *slog.Logger
	now     func() time.Time

	keys    atomic.Pointer[keyring]
	queue   chan *update
	done    chan struct{}
	stopped chan struct{}
	closing sync.Once

	appending sync.Mutex // held from reading the end of the audit chain until it is committed
	appends   []appendStatement
	aheads    aheadStatements

	commits                Durations
	updates, failedCommits atomic.Uint64

	reads sync.Map // query text -> *sql.Stmt on read
}

// Open takes two handles on one database, one to read with and one to write
// with, brings its schema up to date and checks that the keys belong to it.
// It closes the handles when it fails and when it is closed.
func Open(ctx context.Context, dialect Dialect, read, write *sql.DB, keys Keys, options Options) (*Store, error) {
	s := &Store{
		dialect: dialect, read: read, write: write,
		node: options.Node, logger: options.Logger, now: options.Now,
		queue:   make(chan *update, 1024),
		done:    make(chan struct{}),
		stopped: make(chan struct{}),
		appends: appendStatements(dialect),
		aheads:  readAheadStatements(dialect),
	}
	if s.node == "" {
		s.node = "node"
	}
	if s.logger == nil {
		s.logger = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	if err := s.prepare(ctx, keys); err != nil {
		return nil, errors.Join(err, read.Close(), write.Close())
	}
	var writers sync.WaitGroup
	for range max(1, dialect.Writers) {
		writers.Go(s.commitLoop)
	}
	go func() {
		writers.Wait()
		close(s.stopped)
	}()
	return s, nil
}

func (s *Store) prepare(ctx context.Context, keys Keys) error {
	if err := migrate(ctx, s.write, s.dialect); err != nil {
		return fmt.Errorf("bringing the schema up to date: %w", err)
	}
	keyring, err := openKeyring(ctx, s.write, s.dialect, keys)
	if err != nil {
		return fmt.Errorf("opening the store's keys: %w", err)
	}
	s.keys.Store(keyring)
	return nil
}

// Close waits for the updates under way and closes the database.
func (s *Store) Close() error {
	s.closing.Do(func() { close(s.done) })
	<-s.stopped
	s.reads.Range(func(_, statement any) bool {
		statement.(*sql.Stmt).Close()
		return true
	})
	return errors.Join(s.read.Close(), s.write.Close())
}

// Dialect names the kind of database.
func (s *Store) Dialect() string { return s.dialect.Name }

// SchemaVersion is the version of the schema that this program writes.
func (s *Store) SchemaVersion() int { return len(s.dialect.Migrations) + 1 }

// Probe writes, so that nil means: what is decided now can be kept. Each node
// has a row of its own to write to, and waits for no other.
func (s *Store) Probe(ctx context.Context) error {
	return s.Update(ctx, func(tx *Tx) error {
		return tx.SetMeta("probe "+s.node, tx.Now().UTC().Format(time.RFC3339Nano))
	})
}

// Backup writes a copy of the whole store, as of one moment, to a file that
// isn't there yet. Logins go on meanwhile. The keys aren't in it.
func (s *Store) Backup(ctx context.Context, into string) error {
	if s.dialect.Backup == nil {
		return ErrNoBackup
	}
	if err := s.dialect.Backup(ctx, into); err != nil {
		return fmt.Errorf("copying the database: %w", err)
	}
	return nil
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

// Doubts are reasons, in words for an administrator, why the database could
// forget what it has committed.
func (s *Store) Doubts(ctx context.Context) ([]string, error) {
	if s.dialect.Doubts == nil {
		return nil, nil
	}
	return s.dialect.Doubts(ctx, s.read)
}

package postgres

import (
	"database/sql"
	"os"
	"sync"
	"testing"

	"vpn-otpd/store"
	"vpn-otpd/store/postgres/postgrestest"
	"vpn-otpd/store/storetest"
)

// shared is the server of all tests here that don't end it.
var shared struct {
	once   sync.Once
	server *postgrestest.Server
}

func TestMain(m *testing.M) {
	status := m.Run()
	if shared.server != nil {
		shared.server.Stop()
	}
	os.Exit(status)
}

func server(t testing.TB) *postgrestest.Server {
	t.Helper()
	shared.once.Do(func() { shared.server = postgrestest.Start(t, postgrestest.Fast...) })
	if shared.server == nil {
		t.Skip("PostgreSQL didn't start")
	}
	return shared.server
}

// database is one database of the server.
type database struct{ url string }

func (d database) Open(t *testing.T, keys store.Keys, options store.Options) (*store.Store, error) {
	return Open(t.Context(), d.url, keys, options)
}

func (d database) Exec(t *testing.T, query string, arguments ...any) {
	t.Helper()
	db, err := sql.Open("pgx", d.url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(query, arguments...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func TestContract(t *testing.T) {
	t.Parallel()
	server := server(t)
	storetest.Run(t, func(t *testing.T) storetest.Database { return database{server.Database(t)} })
}

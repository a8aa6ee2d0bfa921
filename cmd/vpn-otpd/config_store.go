package main

import (
	"net/url"

	"vpn-otpd/store/postgres"
)

// The drivers of [store].
const (
	driverSQLite   = "sqlite"
	driverPostgres = "postgres"
)

// checkStore returns the URL of the database, "" for SQLite.
func (l *loader) checkStore(w StoreConfig) string {
	for key, path := range map[string]string{"store.path": w.Path, "store.key_file": w.KeyFile} {
		if path == "" {
			l.fault(key, "a path is expected")
		}
	}
	switch w.Driver {
	case driverPostgres:
		return l.checkURL(w)
	case driverSQLite:
		for key, value := range map[string]string{"store.url": w.URL, "store.url_file": w.URLFile} {
			if value != "" {
				l.fault(key, `it is of driver = "postgres" only`)
			}
		}
	default:
		l.fault("store.driver", `"sqlite" or "postgres" is expected`)
	}
	return ""
}

func (l *loader) checkURL(w StoreConfig) string {
	key, location := "store.url", w.URL
	switch {
	case w.URL != "" && w.URLFile != "":
		l.fault("store.url_file", "url and url_file are both set; one of them is to go")
		return ""
	case w.URLFile != "":
		if key, location = "store.url_file", string(l.secretFile("store.url_file", w.URLFile)); location == "" {
			return ""
		}
	case w.URL == "":
		l.fault("store.url", `the place of the database is expected, such as "postgres://vpn-otpd@db.example.org/vpn-otpd?sslmode=verify-full"`)
		return ""
	}
	open, err := postgres.Check(location)
	if err != nil {
		l.fault(key, "%v", err)
	} else if open != "" {
		l.warn(key, "what stands between here and %s could read along or answer in its place: set sslmode=verify-full", open)
	}
	return location
}

// password is the one that a URL holds, "" where there is none.
func (w StoreConfig) password() string {
	location, err := url.Parse(w.URL)
	if err != nil {
		return w.URL // whatever it holds
	}
	password, _ := location.User.Password()
	return password + location.Query().Get("password")
}

// place is what is shown of where the database is.
func (w StoreConfig) place() string {
	if w.Driver == driverPostgres {
		return postgres.Place(w.URL)
	}
	return w.Path
}

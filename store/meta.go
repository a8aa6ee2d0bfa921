package store

// Meta returns a value kept under a name, "" where there is none.
func (tx *Tx) Meta(name string) (value string, err error) {
	_, err = tx.row(`SELECT value FROM meta WHERE name = $1`, []any{name}, &value)
	return value, err
}

// SetMeta keeps a value under a name.
func (tx *Tx) SetMeta(name, value string) error {
	_, err := tx.exec(`INSERT INTO meta (name, value) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
	return err
}

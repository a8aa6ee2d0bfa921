package store

import (
	"context"
	"fmt"
	"strings"
)

// ConnectionQuery selects connections; what is empty selects all.
type ConnectionQuery struct {
	User, Client string
	Ended        bool // those that ended too
	// After continues behind the last connection of an earlier answer.
	After ConnectionPlace
	Limit int
}

// ConnectionPlace is where a connection stands in a list, the zero one before
// all of them.
type ConnectionPlace struct {
	User, Client, NAS, Session string
	Number                     int64
}

// Place is where the connection stands in a list.
func (c Connection) Place() ConnectionPlace {
	return ConnectionPlace{c.User, c.Client, c.NAS, c.Session, c.Number}
}

// Connections returns at most q.Limit connections that q selects, by user.
func (s *Store) Connections(ctx context.Context, q ConnectionQuery) (connections []Connection, err error) {
	where, arguments := q.where()
	err = s.View(ctx, func(tx *Tx) error {
		rows, err := tx.query(`SELECT `+connectionColumns+` FROM connections WHERE `+where+`
			ORDER BY user_name, client, nas, session, number LIMIT $6`, arguments...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			c, err := scanConnection(rows)
			if err != nil {
				return err
			}
			connections = append(connections, c)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("reading a list of connections: %w", err)
	}
	return connections, nil
}

func (q ConnectionQuery) where() (where string, arguments []any) {
	arguments = []any{q.After.User, q.After.Client, q.After.NAS, q.After.Session, q.After.Number, q.Limit}
	conditions := []string{`(user_name, client, nas, session, number) > ($1, $2, $3, $4, $5)`}
	for _, c := range []struct{ column, value string }{{"user_name", q.User}, {"client", q.Client}} {
		if c.value != "" {
			arguments = append(arguments, c.value)
			conditions = append(conditions, fmt.Sprintf("%s = $%d", c.column, len(arguments)))
		}
	}
	if !q.Ended {
		conditions = append(conditions, "ended_at = 0")
	}
	return strings.Join(conditions, " AND "), arguments
}

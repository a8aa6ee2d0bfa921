package store

import (
	"fmt"
	"slices"
	"strings"
)

// Table is a table as every database of ours has it: all columns, the primary
// key first.
type Table struct {
	Name    string
	Key     []string
	Columns []string // the others
	Flags   []string // those of them that are true or false
}

// Tables are all of the schema, each after those that it refers to.
func Tables() []Table {
	words := strings.Fields
	return []Table{
		{"meta", words("name"), words("value"), nil},
		{"users", words("name"), words(`created_at disabled policy password_hash epoch ever_enrolled reset_by_hand_at failures failed_at
			lock_level locked_until failed_field reset_at policy_at policy_reason policy_until seen_groups`), words("disabled ever_enrolled")},
		{"devices", words("user_name id"), words("label secret key_id secret_mac algorithm digits period last_step last_field created_at used_at"), nil},
		{"retired_secrets", words("user_name secret_mac"), words("last_step retired_at"), nil},
		{"recovery_codes", words("user_name mac"), nil, nil},
		{"temporary_codes", words("user_name mac"), words("uses_left expires_at helpdesk"), words("helpdesk")},
		{"states", words("id"), words("user_name asked_name client epoch tries_left expires_at enrollment begun_at carried"), nil},
		{"enrollments", words("user_name id"), words(`kind epoch client source ticket secret key_id algorithm digits period secret_until label replaces
			confirmed_step confirmed_field confirmed_at recovery opened_at contested created_at expires_at`), words("contested")},
		{"remembered", words("user_name mac"), words("client calling_station epoch created_at expires_at"), nil},
		{"connections", words("client nas session number"), words(`user_name calling_station address address6 started_at updated_at ended_at
			terminate_cause input_octets output_octets`), nil},
		{"sessions", words("token"), words("data expires_at"), nil},
		{"outbox", words("id"), words("channel user_name event at address device actor tries next_try_at"), nil},
		{"verdicts", words("mac"), words("answer expires_at"), nil},
		{"audit", words("node seq"), words("at decision event reason user_name client calling_station actor_uid actor_name detail mac"), nil},
		{"audit_anchors", words("node"), words("seq mac pruned_at proof"), nil},
		{"refusals", words("node minute reason client source user_name"), words("count"), nil},
	}
}

// All are the names of all columns.
func (t Table) All() []string { return slices.Concat(t.Key, t.Columns) }

// page selects some rows behind a key, or the first ones.
func (t Table) page(first bool) string {
	where, key := "", strings.Join(t.Key, ", ")
	if !first {
		where = fmt.Sprintf("WHERE (%s) > (%s)", key, Dialect{}.places(1, len(t.Key)))
	}
	return fmt.Sprintf("SELECT %s FROM %s %s ORDER BY %s LIMIT %d", strings.Join(t.All(), ", "), t.Name, where, key, copyPage)
}

// insert adds so many rows.
func (t Table) insert(into Dialect, rows int) string {
	columns := len(t.All())
	values := make([]string, rows)
	for i := range values {
		values[i] = "(" + into.places(i*columns+1, columns) + ")"
	}
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES %s", t.Name, strings.Join(t.All(), ", "), strings.Join(values, ", "))
}

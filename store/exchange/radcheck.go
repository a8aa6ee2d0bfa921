package exchange

import (
	"fmt"
	"io"
)

// Radcheck reads FreeRADIUS's table radcheck as comma-separated values with a
// header line: username, attribute, op and value, and optionally id.
func Radcheck(source io.Reader) (Batch, error) {
	c := newCollector()
	return c.finish(readRadcheck(source, c))
}

func readRadcheck(source io.Reader, c *collector) error {
	var entries []*radiusEntry // a user's rows may stand apart, and are one list
	index := make(map[string]*radiusEntry)
	err := eachRow(source, c, radcheckColumns, func(place string, row map[string]string) {
		name := row["username"]
		e := index[name]
		if e == nil {
			if len(entries) >= c.users {
				c.err = errAccounts
				return
			}
			e = &radiusEntry{name: name, place: place}
			index[name] = e
			entries = append(entries, e)
		}
		if !e.add(item{attribute: row["attribute"], operator: row["op"], value: row["value"], place: place}) {
			c.skip(place, name, fmt.Sprintf("the user has more than %d check items", maxItems))
		}
	})
	for _, e := range entries {
		e.apply(c)
	}
	return err
}

var radcheckColumns = columns{must: []string{"username", "attribute", "op", "value"}, may: []string{"id"}}

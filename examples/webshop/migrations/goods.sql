CREATE TABLE IF NOT EXISTS goods (name text PRIMARY KEY, price numeric(8, 2) NOT NULL);
INSERT INTO goods VALUES ('anchor', 49.00), ('block', 12.50), ('rope', 7.25) ON CONFLICT DO NOTHING;

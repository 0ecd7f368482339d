CREATE TABLE city (name TEXT PRIMARY KEY, country TEXT, people INTEGER);

INSERT INTO city VALUES
  ('Bonn', 'DE', 330000), ('Ulm', 'DE', 126000), ('Lyon', 'FR', 522000),
  ('Nice', 'FR', 342000), ('Graz', 'AT', 291000);

SELECT name, people FROM city WHERE people > 300000 ORDER BY people DESC;

SELECT country, count(*) AS cities, sum(people) AS people,
       group_concat(name, ', ') AS names
FROM city GROUP BY country ORDER BY people DESC;

WITH RECURSIVE fibonacci(a, b) AS (
  SELECT 0, 1 UNION ALL SELECT b, a + b FROM fibonacci WHERE b < 100
)
SELECT group_concat(a, ' ') AS fibonacci FROM fibonacci;

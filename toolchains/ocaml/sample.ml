type shape = Square of float | Circle of float

let area = function
  | Square side -> side *. side
  | Circle radius -> 3.14159 *. radius *. radius

let name = function Square _ -> "square" | Circle _ -> "circle"

let rec fibonacci a b below =
  if a >= below then [] else a :: fibonacci b (a + b) below

let () =
  List.iter
    (fun s -> Printf.printf "%-8s %6.2f\n" (name s) (area s))
    [ Square 2.; Circle 1.5 ];
  fibonacci 0 1 100 |> List.map string_of_int |> String.concat " " |> print_endline

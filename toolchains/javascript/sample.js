class Shape {
  constructor(name, area) {
    this.name = name;
    this.area = area;
  }
}

const shapes = [new Shape("square", 4), new Shape("circle", Math.PI * 1.5 ** 2)];
for (const { name, area } of shapes) {
  console.log(name.padEnd(8), area.toFixed(2).padStart(6));
}

function* fibonacci(below) {
  for (let [a, b] = [0, 1]; a < below; [a, b] = [b, a + b]) yield a;
}
console.log(...fibonacci(100));

const later = (text, after) => new Promise((done) => setTimeout(done, after, text));
Promise.all([later("first", 20), later("second", 10)]).then((all) => console.log(all));

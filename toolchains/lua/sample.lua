local Shape = {}
Shape.__index = Shape

function Shape.new(name, area)
  return setmetatable({ name = name, area = area }, Shape)
end

function Shape:__tostring()
  return ("%-8s %6.2f"):format(self.name, self.area)
end

print(Shape.new("square", 2 ^ 2))
print(Shape.new("circle", math.pi * 1.5 ^ 2))

local function fibonacci(below)
  local a, b = 0, 1
  return function()
    local n = a
    a, b = b, a + b
    return n < below and n or nil
  end
end

for n in fibonacci(100) do
  io.write(n, " ")
end
print()

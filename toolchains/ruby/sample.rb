Shape = Struct.new(:name, :area) do
  def to_s = format("%-8s %6.2f", name, area)
end

puts Shape.new("square", 4), Shape.new("circle", Math::PI * 1.5**2)

fibonacci = Enumerator.produce([0, 1]) { |a, b| [b, a + b] }.lazy.map(&:first)
puts fibonacci.take_while { |n| n < 100 }.to_a.join(" ")

words = %w[mud dove adobe dime love mute]
words.group_by(&:size).sort.each { |size, list| puts "#{size}: #{list.join(", ")}" }

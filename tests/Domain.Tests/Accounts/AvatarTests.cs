using System.Globalization;
using VisionPlatform.Domain.Accounts;

namespace VisionPlatform.Domain.Tests.Accounts;

public sealed class AvatarTests
{
    [Theory]
    [InlineData("Ada Lovelace", "AL")]
    [InlineData("  grace   brewster hopper ", "GH")]
    [InlineData("Plato", "P")]
    [InlineData("이순신", "이")]
    [InlineData("e\u0301mile Zola", "E\u0301Z")]
    [InlineData(null, "N")]
    [InlineData("   ", "N")]
    public void Initials_come_from_the_name_or_else_the_address(string? name, string expected) => Assert.Equal(expected, Avatar.InitialsOf(name, "nobody@example.org"));

    [Fact]
    public void The_chosen_color_is_used_and_otherwise_the_id_determines_it()
    {
        var id = Guid.Parse("0193e0a0-0000-7000-8000-000000000001");

        Assert.Equal("#0f766e", Avatar.ColorOf(id, "#0f766e"));
        Assert.Equal(Avatar.Colors[1], Avatar.ColorOf(id, null));
    }

    // Relative luminance and contrast as WCAG 2.2 defines them.
    [Fact]
    public void White_letters_are_readable_on_every_color()
    {
        Assert.Equal(13, Avatar.Colors.Distinct().Count());
        Assert.All(Avatar.Colors, color => Assert.True(1.05 / (Luminance(color) + 0.05) >= 4.5, color));
    }

    private static double Luminance(string color)
    {
        double Channel(int at)
        {
            var value = int.Parse(color.AsSpan(at, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture) / 255.0;
            return value <= 0.04045 ? value / 12.92 : Math.Pow((value + 0.055) / 1.055, 2.4);
        }

        return (0.2126 * Channel(1)) + (0.7152 * Channel(3)) + (0.0722 * Channel(5));
    }
}

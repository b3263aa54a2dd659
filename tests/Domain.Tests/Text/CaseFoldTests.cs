using System.Text;
using VisionPlatform.Domain.Text;

namespace VisionPlatform.Domain.Tests.Text;

public sealed class CaseFoldTests
{
    [Theory]
    [InlineData("Kelvin.png", "\u212Aelvin.PNG")]
    [InlineData("straße", "STRASSE")]
    [InlineData("straße", "STRAẞE")]
    [InlineData("ſport", "Sport")]
    [InlineData("Σίσυφος", "ΣΊΣΥΦΟΣ")]
    [InlineData("caf\u00E9", "CAFE\u0301")]
    [InlineData("\u00C5", "a\u030A")]
    [InlineData("\u212B", "\u00E5")]
    [InlineData("ﬃ", "FFI")]
    [InlineData("ǆ", "ǅ")]
    [InlineData("İ", "i\u0307")]
    [InlineData("Ω", "\u2126")]
    [InlineData("\u1E9B\u0323", "\u1E69")]
    [InlineData("한국", "\u1112\u1161\u11AB\u1100\u116E\u11A8")]
    [InlineData("a\u0323\u0307", "a\u0307\u0323")]
    [InlineData("ꭰ", "Ꭰ")]
    [InlineData("𐐀", "𐐨")]
    public void Spellings_of_one_name_are_equal(string one, string other)
    {
        Assert.Equal(CaseFold.Of(one), CaseFold.Of(other));
        Assert.True(CaseFold.Comparer.Equals(one, other));
        Assert.Equal(CaseFold.Comparer.GetHashCode(one), CaseFold.Comparer.GetHashCode(other));
    }

    [Theory]
    [InlineData("ı", "i")]
    [InlineData("e", "é")]
    [InlineData("日本", "日木")]
    [InlineData("a.png", "a.pn")]
    public void Other_names_are_not(string one, string other) => Assert.False(CaseFold.AreEqual(one, other));

    [Theory]
    [InlineData("cafe\u0301", "café")]
    [InlineData("\u1112\u1161\u11AB", "한")]
    [InlineData("\u212B", "Å")]
    [InlineData("a\u0307\u0323", "\u1EA1\u0307")]
    [InlineData("\u0915\u093C", "\u0915\u093C")]
    [InlineData("Straße 30 km/h.png", "Straße 30 km/h.png")]
    public void A_composed_name_is_in_nfc(string name, string composed) => Assert.Equal(composed, CaseFold.Composed(name));

    [Fact]
    public void Folding_a_folded_name_changes_nothing_for_every_character_there_is()
    {
        var changed = new List<string>();
        for (var code = 0; code <= 0x10FFFF; code++)
            if (Rune.IsValid(code) && CaseFold.Of(new Rune(code).ToString()) is var folded && (CaseFold.Of(folded) != folded || CaseFold.Composed(folded) != folded))
                changed.Add($"U+{code:X4}");
        Assert.Empty(changed);
    }
}

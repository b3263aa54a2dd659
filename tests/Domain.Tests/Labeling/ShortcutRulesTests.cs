using VisionPlatform.Domain.Labeling;

namespace VisionPlatform.Domain.Tests.Labeling;

public sealed class ShortcutRulesTests
{
    [Fact]
    public void Different_keys_for_named_actions_are_fine() =>
        Assert.Empty(ShortcutRules.Check(new Dictionary<string, string> { ["next_image"] = "D", ["class_1"] = "Shift+1" }));

    [Theory]
    [InlineData("", "D")]
    [InlineData("Next image", "D")]
    [InlineData("a_very_long_name_of_an_action_that_nobody_would_ever_give", "D")]
    [InlineData("next_image", "")]
    [InlineData("next_image", "D\n")]
    [InlineData("next_image", "D\u202E")]
    [InlineData("next_image", "Control+Shift+Alt+Meta+F12+Plus")]
    public void A_wrong_action_or_wrong_keys_are_refused_by_the_action(string action, string keys) =>
        Assert.Equal(action, Assert.Single(ShortcutRules.Check(new Dictionary<string, string> { [action] = keys })).Action);

    [Fact]
    public void Keys_start_one_action_only_whatever_their_case()
    {
        var wrong = Assert.Single(ShortcutRules.Check(new Dictionary<string, string> { ["next_image"] = "d", ["delete"] = "D" }));

        Assert.Equal(("delete", "'D' already starts next_image."), wrong);
    }

    [Fact]
    public void Too_many_are_refused_as_a_whole() =>
        Assert.Equal("", Assert.Single(ShortcutRules.Check(Enumerable.Range(0, ShortcutRules.MaximumCount + 1).ToDictionary(i => $"action_{i}", i => $"{i}"))).Action);
}

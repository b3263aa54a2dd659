using VisionPlatform.Domain.Text;

namespace VisionPlatform.Domain.Labeling;

/// <summary>How one person works in the labeling application.</summary>
public sealed class LabelingPreferences
{
    /// <summary>The person; one row each.</summary>
    public required Guid UserId { get; init; }

    /// <summary>The dataset that was open last; null when none was.</summary>
    public Guid? DatasetId { get; set; }

    /// <summary>Keys by the action that they start. See <see cref="ShortcutRules"/>.</summary>
    public required Dictionary<string, string> Shortcuts { get; set; }

    public required DateTimeOffset UpdatedAt { get; set; }
}

/// <summary>What keyboard shortcuts may be.</summary>
public static class ShortcutRules
{
    public const int MaximumCount = 100;
    public const int MaximumActionLength = 50;
    public const int MaximumKeysLength = 30;

    /// <summary>What is wrong, by the action that it concerns; the empty text stands for all of them.</summary>
    public static IEnumerable<(string Action, string Problem)> Check(IReadOnlyDictionary<string, string> shortcuts)
    {
        if (shortcuts.Count > MaximumCount)
            yield return ("", $"At most {MaximumCount} shortcuts.");
        var used = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (action, keys) in shortcuts)
        {
            if (action.Length > MaximumActionLength || !IsName(action))
                yield return (action, $"An action is named by 1 to {MaximumActionLength} lower-case letters, digits and underscores.");
            if (keys.Length is 0 or > MaximumKeysLength || VisibleText.Problem(keys) is not null)
                yield return (action, $"Keys are 1 to {MaximumKeysLength} characters, for example 'Shift+1'.");
            else if (!used.TryAdd(keys, action))
                yield return (action, $"'{keys}' already starts {used[keys]}.");
        }
    }

    private static bool IsName(string action) => action.Length > 0 && action.All(c => c is >= 'a' and <= 'z' or >= '0' and <= '9' or '_');
}

using System.Text.Json;

namespace VisionPlatform.Domain;

/// <summary>Enum values as they are stored, sent and shown: lower snake_case.</summary>
public static class EnumText
{
    /// <summary><c>TaskType.ImageClassification</c> → <c>image_classification</c>.</summary>
    public static string AsText<T>(this T value) where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    /// <summary>The value of a text; false when there is none of that name.</summary>
    public static bool TryParse<T>(string? text, out T value) where T : struct, Enum
    {
        foreach (var candidate in Enum.GetValues<T>())
        {
            if (candidate.AsText() == text)
            {
                value = candidate;
                return true;
            }
        }

        value = default;
        return false;
    }
}

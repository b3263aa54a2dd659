using System.Reflection;
using System.Text;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using Namotion.Reflection;

namespace VisionPlatform.Api.OpenApi;

/// <summary>
/// The descriptions of types and fields in the API's description: their doc comments, from the XML files that the compiler writes beside the
/// assemblies. A record's fields are described by its <c>&lt;param&gt;</c> elements.
/// </summary>
internal static partial class DocComments
{
    private static readonly XmlDocsOptions Markdown = new() { FormattingMode = XmlDocsFormattingMode.Markdown };

    // Fields that mean the same in every record. A doc comment of the record takes precedence.
    private static readonly Dictionary<string, string> Everywhere = new(StringComparer.Ordinal)
    {
        ["id"] = "Unique id.",
        ["createdAt"] = "When it was created.",
        ["updatedAt"] = "When it was last changed.",
        ["email"] = "E-mail address of the account.",
        ["fullName"] = "Name of the person; null when none was given.",
        ["name"] = "Name that people read.",
        ["description"] = "Free text; null when none was given.",
        ["projectId"] = "Id of the project it belongs to.",
        ["datasetId"] = "Id of the dataset.",
        ["taskType"] = "What the images are labeled for.",
        ["sha256"] = "SHA-256 of the file, 64 lower-case hexadecimal digits.",
        ["size"] = "Size of the file in bytes.",
        ["width"] = "Width in pixels, after the EXIF orientation was applied.",
        ["height"] = "Height in pixels, after the EXIF orientation was applied.",
        ["attempt"] = "Number of the attempt, from 1.",
        ["number"] = "Number, from 1.",
        ["epoch"] = "Number of the epoch, from 1.",
    };

    /// <summary>The summary of a type; null when it has none.</summary>
    public static string? Of(Type type) => Clean(type.GetXmlDocsSummary(Markdown));

    /// <summary>The doc comment of a field, else the text for all fields of this name; null when there is neither.</summary>
    public static string? OfMember(JsonPropertyInfo property) =>
        (property.AttributeProvider is MemberInfo member ? Clean(member.GetXmlDocsSummary(Markdown)) : null) ?? Everywhere.GetValueOrDefault(property.Name);

    /// <summary>The summary of an enum, with a list of those values that have a comment of their own.</summary>
    public static string? OfEnum(Type type)
    {
        var text = new StringBuilder(Of(type));
        var values = Enum.GetNames(type).Zip(QueryValues.NamesOf(type), (name, written) => (Written: written, Comment: Clean(type.GetField(name)!.GetXmlDocsSummary(Markdown))))
            .Where(value => value.Comment is not null).ToList();
        if (values.Count > 0)
            text.Append("\n\n").AppendJoin('\n', values.Select(value => $"- `{value.Written}`: {value.Comment}"));
        return text.Length == 0 ? null : text.ToString();
    }

    // Doc comments contain the line breaks and the indentation of the source.
    private static string? Clean(string? text) => string.IsNullOrWhiteSpace(text) ? null : Whitespace().Replace(text, " ").Trim();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Whitespace();
}

using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Api.Training;

/// <summary>
/// Writes the error codes of <see cref="ErrorCodes"/> that trainers may use into the trainer SDK and the protocol's schema, for <c>./platform errors</c>.
/// A test fails while the committed files differ.
/// </summary>
public static class TrainerErrorFiles
{
    private static readonly JsonSerializerOptions _likeTheFile = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The SDK's module <c>error_codes.py</c>.</summary>
    public static string Python()
    {
        var text = new StringBuilder(""""
            """The error codes that trainers may use.

            Written by ``./platform errors`` from ``src/Domain/Errors/ErrorCodes.*.cs``: change the codes there, then run the command.
            """

            from typing import Literal

            Category = Literal["user", "transient", "permanent"]

            #: Codes of a ``failed`` event, with the category of each.
            FAILURE_CODES: dict[str, Category] = {

            """");
        foreach (var code in ErrorCodes.OfTrainers(TrainerUse.Failure))
            text.Append(CultureInfo.InvariantCulture, $"    \"{code.Code}\": \"{code.Category.AsText()}\",  # {code.Title}\n");
        text.Append("}\n\n#: Codes of a reply that is not 2xx.\nREPLY_CODES = frozenset(\n    {\n");
        foreach (var code in ErrorCodes.OfTrainers(TrainerUse.Reply | TrainerUse.InternalReply))
            text.Append(CultureInfo.InvariantCulture, $"        \"{code.Code}\",  # {code.Title}\n");
        return text.Append("    }\n)\n").ToString();
    }

    /// <summary>The protocol's schema with its two lists of codes replaced by those of the table.</summary>
    /// <param name="schema">The schema as it is now.</param>
    public static string Schema(string schema)
    {
        var document = JsonNode.Parse(schema)!;
        document["$defs"]!["FailedEvent"]!["properties"]!["code"] = Enumeration(TrainerUse.Failure);
        document["$defs"]!["Problem"]!["properties"]!["code"] = Enumeration(TrainerUse.Reply | TrainerUse.InternalReply);
        return document.ToJsonString(_likeTheFile) + "\n";
    }

    private static JsonObject Enumeration(TrainerUse use) =>
        new() { ["enum"] = new JsonArray([.. ErrorCodes.OfTrainers(use).Select(code => JsonValue.Create(code.Code))]) };
}

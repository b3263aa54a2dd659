using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using VisionPlatform.Api.Http;

namespace VisionPlatform.Api.OpenApi;

/// <summary>Makes up an answer that fits its schema, so that the description shows what comes back.</summary>
internal static class SchemaExamples
{
    // What a field of this name looks like; others follow from their type.
    private static readonly Dictionary<string, string> Texts = new(StringComparer.Ordinal)
    {
        ["email"] = "ann@example.com", ["fullName"] = "Ann Smith", ["name"] = "Steel plates", ["path"] = "3/img_0001.png", ["class"] = "scratch", ["contentType"] = "image/png",
        ["description"] = "Scratches and dents on rolled steel", ["url"] = "https://storage.example.com/datasets/3/img_0001.png?X-Amz-Signature=…",
        ["sha256"] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", ["hash"] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ["framework"] = "torchvision", ["model"] = "small_cnn", ["architecture"] = "small_cnn", ["format"] = "onnx", ["level"] = "info", ["message"] = "epoch 3 of 10",
        ["tokenType"] = "Bearer", ["method"] = "PUT", ["code"] = "STORAGE_UNAVAILABLE", ["type"] = "metrics",
    };

    private static readonly Dictionary<string, string> Ids = new(StringComparer.Ordinal)
    {
        ["projectId"] = Examples.Project, ["datasetId"] = Examples.Dataset, ["datasetVersionId"] = Examples.DatasetVersion, ["uploadId"] = Examples.Upload,
        ["jobId"] = Examples.TrainingJob, ["modelId"] = Examples.Model, ["modelVersionId"] = Examples.ModelVersion, ["exportId"] = Examples.Export,
        ["deploymentId"] = Examples.Deployment, ["ownerId"] = Examples.User, ["userId"] = Examples.User,
    };

    // Deeper than any answer is; a schema that holds itself ends here.
    private const int Deepest = 24;

    /// <summary>Gives every successful JSON answer its example.</summary>
    public static void AddToAnswers(OpenApiDocument document)
    {
        foreach (var (path, item) in document.Paths)
            foreach (var operation in item.Operations!.Values)
                foreach (var (status, response) in operation.Responses!)
                    if (status[0] == '2' && response.Content is { } content && content.TryGetValue("application/json", out var type) && type is OpenApiMediaType json)
                        json.Example = Of(json.Schema!, "", IdAt(path), 0);
    }

    // The id of what is at this address: /api/v1/training/jobs/{id} → the example's job.
    private static string IdAt(string path) =>
        Examples.After([.. path.Split('/', StringSplitOptions.RemoveEmptyEntries).Skip(2).Where(part => !part.StartsWith('{'))]) ?? Examples.Project;

    private static JsonNode? Of(IOpenApiSchema schema, string name, string id, int depth)
    {
        if (depth > Deepest)
            return JsonNullSentinel.JsonNull;
        if (schema.AnyOf is [var choice, ..])
            return Of(choice, name, id, depth + 1);
        if (schema.Enum is [var value, ..])
            return value.DeepClone();
        return (schema.Type & ~JsonSchemaType.Null) switch
        {
            JsonSchemaType.Object => Object(schema, name, id, depth),
            JsonSchemaType.Array => new JsonArray(Of(schema.Items!, name, id, depth + 1)),
            JsonSchemaType.String => Text(schema, name, id),
            JsonSchemaType.Integer => schema.Minimum is { } least ? long.Parse(least, CultureInfo.InvariantCulture) : 1,
            JsonSchemaType.Number => schema.Minimum is { } least ? double.Parse(least, CultureInfo.InvariantCulture) : 0.5,
            JsonSchemaType.Boolean => false,
            _ => new JsonObject(),
        };
    }

    private static JsonObject Object(IOpenApiSchema schema, string name, string id, int depth)
    {
        var example = new JsonObject();
        foreach (var (property, own) in schema.Properties ?? new Dictionary<string, IOpenApiSchema>())
            example[property] = Of(own, property, id, depth + 1);
        if (schema.AdditionalProperties is { Type: not null } values)
            example[name == "headers" ? "Content-Type" : "accuracy"] = Of(values, name == "headers" ? "contentType" : name, id, depth + 1);
        return example;
    }

    private static string Text(IOpenApiSchema schema, string name, string id) => schema.Format switch
    {
        "uuid" => Ids.GetValueOrDefault(name, id),
        "date-time" => "2026-11-20T08:30:00Z",
        "uri" => Texts["url"].TrimEnd('…'),
        _ => Texts.GetValueOrDefault(name, "text"),
    };
}

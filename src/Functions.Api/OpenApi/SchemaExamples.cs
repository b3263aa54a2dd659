using System.Text.Json.Nodes;
using VisionPlatform.Api.Http;

namespace VisionPlatform.Api.OpenApi;

/// <summary>Makes up an answer that fits its schema, so that the description shows what comes back.</summary>
internal sealed class SchemaExamples(JsonObject document)
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
    public void AddToAnswers()
    {
        foreach (var (path, item) in document["paths"]!.AsObject())
            foreach (var (_, operation) in item!.AsObject())
                foreach (var (status, response) in operation!["responses"]!.AsObject())
                    if (status[0] == '2' && response!["content"]?["application/json"] is JsonObject content)
                        content["example"] = Of(content["schema"]!, "", IdAt(path), 0);
    }

    // The id of what is at this address: /api/v1/training/jobs/{id} → the example's job.
    private static string IdAt(string path) =>
        Examples.After([.. path.Split('/', StringSplitOptions.RemoveEmptyEntries).Skip(2).Where(part => !part.StartsWith('{'))]) ?? Examples.Project;

    private JsonNode? Of(JsonNode schema, string name, string id, int depth)
    {
        if (depth > Deepest || schema is not JsonObject node)
            return null;
        if (node["$ref"] is { } reference)
            return Of(document["components"]!["schemas"]![reference.GetValue<string>()["#/components/schemas/".Length..]]!, name, id, depth + 1);
        if (node["anyOf"] is JsonArray { Count: > 0 } choices)
            return Of(choices[0]!, name, id, depth + 1);
        if (node["enum"] is JsonArray { Count: > 0 } values)
            return values[0]?.DeepClone();
        return TypeOf(node) switch
        {
            "object" => Object(node, name, id, depth),
            "array" => node["items"] is { } items ? new JsonArray(Of(items, name, id, depth + 1)) : [],
            "string" => Text(node, name, id),
            "integer" => node["minimum"]?.DeepClone() ?? 1,
            "number" => node["minimum"]?.DeepClone() ?? 0.5,
            "boolean" => false,
            _ => null,
        };
    }

    private JsonObject Object(JsonObject node, string name, string id, int depth)
    {
        var example = new JsonObject();
        foreach (var (property, schema) in node["properties"]?.AsObject() ?? [])
            example[property] = Of(schema!, property, id, depth + 1);
        if (node["additionalProperties"] is JsonObject values && values.Count > 0 && example.Count == 0)
            example[name == "headers" ? "Content-Type" : "accuracy"] = Of(values, name == "headers" ? "contentType" : name, id, depth + 1);
        return example;
    }

    private static string Text(JsonObject node, string name, string id) => node["format"]?.GetValue<string>() switch
    {
        "uuid" => Ids.GetValueOrDefault(name, id),
        "date-time" => "2026-11-20T08:30:00Z",
        "uri" => Texts["url"].TrimEnd('…'),
        _ => Texts.GetValueOrDefault(name, "text"),
    };

    private static string? TypeOf(JsonObject node) => node["type"] switch
    {
        JsonArray types => types.Select(type => type!.GetValue<string>()).FirstOrDefault(type => type != "null"),
        { } type => type.GetValue<string>(),
        null => null,
    };
}

using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace VisionPlatform.Api.OpenApi;

/// <summary>Makes up an answer that fits its schema, so that the description shows what comes back.</summary>
internal static class SchemaExamples
{
    private const string Url = "https://storage.example.com/datasets/3/img_0001.png?X-Amz-Signature=5d3f0c";
    private const string Sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    // What a field of this name looks like; others follow from their type.
    private static readonly Dictionary<string, string> Texts = new(StringComparer.Ordinal)
    {
        ["accessToken"] = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIwMTk5NWI1ZSJ9.X3k0vQ", ["action"] = "user.update_role", ["addedClasses"] = "scratch", ["actorName"] = "ann@example.com", ["address"] = "203.0.113.7",
        ["apiKey"] = "vpd_q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ", ["architecture"] = "small_cnn", ["badgeColor"] = "#1d4ed8", ["badgeColors"] = "#1d4ed8", ["trueClass"] = "scratch", ["fileName"] = "resnet18.pth", ["licence"] = "BSD-3-Clause", ["weightsSha256"] = Sha256, ["class"] = "scratch", ["classes"] = "scratch",
        ["client"] = "Mozilla/5.0 (X11; Linux x86_64)", ["code"] = "STORAGE_UNAVAILABLE", ["company"] = "Steel Ltd", ["counts"] = "132", ["confirmationSentTo"] = "ann.smith@example.com", ["contentType"] = "image/png",
        ["database"] = "platform", ["id"] = "20261129T020000Z-8c1fa0d4", ["backup"] = "latest", ["buckets"] = "cold", ["confirm"] = "archive", ["databases"] = "archive", ["first"] = "platform", ["inUse"] = "platform",
        ["phase"] = "copy rows", ["prefix"] = "datasets/", ["second"] = "archive", ["subject"] = "platform → archive", ["target"] = "archive", ["problem"] = "the newest backup is 30 hours old", ["schemaVersion"] = "20261129203604_FoldedPaths",
        ["description"] = "Scratches and dents on rolled steel", ["detail"] = "It does not answer.", ["displayName"] = "Small CNN", ["division"] = "Rolling mill", ["email"] = "ann@example.com",
        ["error"] = "The manifest could not be written.", ["etag"] = "\"d41d8cd98f00b204e9800998ecf8427e\"", ["format"] = "onnx", ["folder"] = "plates/images", ["framework"] = "torchvision", ["fullName"] = "Ann Smith", ["group"] = "Optimizer",
        ["field"] = "metrics", ["hash"] = Sha256, ["image"] = "scratch/img_0001.png", ["initials"] = "AS", ["inviter"] = "Ann Smith", ["key"] = $"checkpoints/{Examples.TrainingJob}/1/epoch_1.pt", ["level"] = "info", ["message"] = "epoch 3 of 10", ["method"] = "PUT",
        ["model"] = "small_cnn", ["name"] = "Steel plates", ["names"] = "left end", ["primaryMetric"] = "accuracy", ["nextCursor"] = "IjAxOTk1YjVlLTBhMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMSI", ["note"] = "Before the new camera", ["orchestrationId"] = $"exports-{Examples.Export}",
        ["path"] = "scratch/img_0001.png", ["permissions"] = "datasets:read", ["refreshToken"] = Examples.RefreshToken, ["role"] = "member", ["scopes"] = "read", ["service"] = "labeler", ["sha256"] = Sha256, ["imageSha256"] = Sha256, ["answer"] = "scratch", ["shadowAnswer"] = "dent",
        ["skipped"] = "scratch/img_0002.png", ["source"] = "trainer", ["state"] = "online", ["subjectId"] = Examples.User, ["subjectName"] = "kim@example.org", ["subjectType"] = "user",
        ["suggestedAction"] = "Try again in a moment.", ["targetName"] = "Steel plates", ["taskTypes"] = "image_classification", ["thumbnailUrl"] = Url, ["canRun"] = "5c1e8a2f", ["instanceId"] = $"train-{Examples.TrainingJob}", ["kind"] = "activity", ["orchestrator"] = "TrainModel", ["replayError"] = "This build has no orchestrator 'TrainModel'.", ["status"] = "Running",
        ["summary"] = "It waits for the event 'cancel', which nobody has raised since 2026-11-29 02:00:00Z.", ["text"] = "the event 'cancel', which nobody has raised since 2026-11-29 02:00:00Z", ["manifestSha256"] = Sha256, ["manifestUrl"] = Url, ["protocol"] = "2", ["taskType"] = "image_classification", ["url"] = Url,
        ["token"] = "pat_q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ", ["tokenScopes"] = "read", ["tokenType"] = "Bearer", ["traceId"] = "0af7651916cd43dd8448eb211c80319c", ["traceparent"] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", ["trainer"] = "torchvision",
        ["type"] = "metrics", ["uploadId"] = "2~q83vEjRWeJCrze8S", ["userAgent"] = "Mozilla/5.0 (X11; Linux x86_64)", ["version"] = "1.0",
        ["engine"] = "onnxruntime 1.31.1", ["metric"] = "mAP50-95", ["notMeasured"] = "Batches of 3 and 64: the graph takes one image at a time.", ["packageSha256"] = Sha256, ["precision"] = "fp32", ["reason"] = "needs an NVIDIA GPU", ["split"] = "test", ["notes"] = "The first one with the new camera.", ["tags"] = "baseline", ["notFinite"] = "NaN", ["previousCursor"] = "118",
    };

    // The same for free JSON, and for the values of objects whose names are free.
    private static readonly Dictionary<string, string> Free = new(StringComparer.Ordinal)
    {
        ["report"] = """{"tables":24,"rows":1203345,"bytes":1200000000}""",
        ["data"] = """{"attempt":1,"epoch":3,"totalEpochs":10,"metrics":{"loss":0.31},"epochSeconds":0.7,"etaSeconds":4.9}""", ["config"] = """{"epochs":10}""", ["default"] = "10",
        ["details"] = """{"role":"advanced_engineer"}""", ["devices[]"] = """{"type":"cuda","name":"NVIDIA L4"}""", ["metadata"] = """{"inputs":[{"name":"input","shape":[1,3,32,32]}]}""",
        ["options"] = """{"opset":13}""", ["options[]"] = "\"adam\"", ["people"] = """{"manager":1,"standard_engineer":7}""", ["shortcuts"] = """{"next_image":"D","previous_image":"A"}""", ["presets"] = """{"fast":{"epochs":3}}""", ["headers"] = """{"Content-Type":"image/png","If-None-Match":"*"}""",
    };

    private static readonly Dictionary<string, string> Ids = new(StringComparer.Ordinal)
    {
        ["projectId"] = Examples.Project, ["datasetId"] = Examples.Dataset, ["datasetVersionId"] = Examples.DatasetVersion, ["uploadId"] = Examples.Upload,
        ["jobId"] = Examples.TrainingJob, ["modelId"] = Examples.Model, ["modelVersionId"] = Examples.ModelVersion, ["exportId"] = Examples.Export,
        ["deploymentId"] = Examples.Deployment, ["ownerId"] = Examples.User, ["createdBy"] = Examples.User, ["userId"] = Examples.User,
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
        if ((IsFree(schema) || schema.AdditionalProperties is { Properties: null or { Count: 0 } }) && Free.TryGetValue(name, out var free))
            return JsonNode.Parse(free);
        if (schema.AnyOf is [var choice, ..])
            return Of(choice, name, id, depth + 1);
        if (schema.Enum is [var value, ..])
            return value.DeepClone();
        return (schema.Type & ~JsonSchemaType.Null) switch
        {
            JsonSchemaType.Object => Object(schema, name, id, depth),
            JsonSchemaType.Array => new JsonArray(Of(schema.Items!, IsFree(schema.Items!) ? $"{name}[]" : name, id, depth + 1)),
            JsonSchemaType.String => Text(schema, name, id),
            JsonSchemaType.Integer => schema.Minimum is { } least ? long.Parse(least, CultureInfo.InvariantCulture) : 1,
            JsonSchemaType.Number => schema.Minimum is { } least ? double.Parse(least, CultureInfo.InvariantCulture) : 0.5,
            JsonSchemaType.Boolean => false,
            _ => new JsonObject(),
        };
    }

    private static bool IsFree(IOpenApiSchema schema) => schema is { Type: null, AnyOf: null or { Count: 0 } };

    private static JsonObject Object(IOpenApiSchema schema, string name, string id, int depth)
    {
        var example = new JsonObject();
        foreach (var (property, own) in schema.Properties ?? new Dictionary<string, IOpenApiSchema>())
            example[property] = Of(own, property, id, depth + 1);
        if (schema.AdditionalProperties is { Type: not null } values)
            example["accuracy"] = Of(values, name, id, depth + 1);
        return example;
    }

    private static string Text(IOpenApiSchema schema, string name, string id) => schema.Format switch
    {
        "uuid" => Ids.GetValueOrDefault(name, id),
        "date-time" => "2026-11-20T08:30:00Z",
        "uri" => Url,
        _ => Texts.GetValueOrDefault(name, "text"),
    };
}

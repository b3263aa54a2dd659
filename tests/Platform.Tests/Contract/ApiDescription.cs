using System.Text.Json;
using VisionPlatform.Api.OpenApi;

namespace VisionPlatform.Platform.Tests.Contract;

/// <summary>The description of the API as a client reads it.</summary>
internal sealed class ApiDescription
{
    public static ApiDescription Present { get; } = new(OpenApiFunctions.DocumentText());

    private ApiDescription(string text)
    {
        Text = text;
        Document = JsonDocument.Parse(text).RootElement;
        Schemas = new JsonSchemaCheck(Document);
        Operations =
        [
            .. from path in Document.GetProperty("paths").EnumerateObject()
               from operation in path.Value.EnumerateObject()
               select new ApiOperation(this, path.Name, operation.Name.ToUpperInvariant(), operation.Value),
        ];
    }

    public string Text { get; }

    public JsonElement Document { get; }

    public JsonSchemaCheck Schemas { get; }

    public IReadOnlyList<ApiOperation> Operations { get; }
}

/// <summary>One operation of the description.</summary>
internal sealed record ApiOperation(ApiDescription Description, string Path, string Method, JsonElement Json)
{
    public string Id => Json.GetProperty("operationId").GetString()!;

    public IReadOnlyList<JsonElement> Parameters => Json.TryGetProperty("parameters", out var parameters) ? [.. parameters.EnumerateArray()] : [];

    public IEnumerable<JsonElement> ParametersIn(string place) => Parameters.Where(parameter => parameter.GetProperty("in").GetString() == place);

    /// <summary>Media type of the request body; null when it takes no body. JSON if it takes both JSON and plain bytes.</summary>
    public JsonProperty? Body => Json.TryGetProperty("requestBody", out var body) ? body.GetProperty("content").EnumerateObject().First() : null;

    /// <summary>Media types that it takes as plain bytes, for example <c>image/*</c>.</summary>
    public IReadOnlyList<string> RawBodyTypes => Json.TryGetProperty("requestBody", out var body)
        ? [.. body.GetProperty("content").EnumerateObject().Select(content => content.Name).Where(name => name != "application/json")] : [];

    public JsonElement? BodyExample => Body is { } body && body.Value.TryGetProperty("example", out var example) ? example : null;

    /// <summary>The success statuses.</summary>
    public IReadOnlyList<int> Successes => [.. Json.GetProperty("responses").EnumerateObject().Select(response => int.Parse(response.Name)).Where(status => status < 300)];

    public JsonElement? Response(int status) => Json.GetProperty("responses").TryGetProperty($"{status}", out var response) ? Description.Schemas.Resolve(response) : null;

    /// <summary>The schema of its JSON answer with this status; null when there is none.</summary>
    public JsonElement? JsonAnswer(int status) =>
        Response(status) is { } response && response.TryGetProperty("content", out var content) && content.TryGetProperty("application/json", out var json) ? json.GetProperty("schema") : null;

    /// <summary>The error codes that it declares.</summary>
    public IEnumerable<string> Codes => Json.GetProperty("responses").EnumerateObject()
        .Select(response => Description.Schemas.Resolve(response.Value))
        .Where(response => response.TryGetProperty("content", out var content) && content.TryGetProperty("application/problem+json", out _))
        .SelectMany(response => response.GetProperty("content").GetProperty("application/problem+json").GetProperty("examples").EnumerateObject().Select(example => example.Name));

    /// <summary>The first way to authenticate; empty when none is needed.</summary>
    public string Security => Json.GetProperty("security").EnumerateArray().Select(way => way.EnumerateObject().Select(scheme => scheme.Name).FirstOrDefault()).FirstOrDefault() ?? "";

    /// <summary>The address, filled in with the examples of the route and query parameters.</summary>
    public string ExampleAddress()
    {
        var path = ParametersIn("path").Aggregate(Path, (at, parameter) => at.Replace($"{{{parameter.GetProperty("name").GetString()}}}", ExampleOf(parameter), StringComparison.Ordinal));
        var query = ParametersIn("query").Where(parameter => parameter.TryGetProperty("example", out _))
            .Select(parameter => $"{parameter.GetProperty("name").GetString()}={Uri.EscapeDataString(ExampleOf(parameter))}");
        return string.Join('?', new[] { path, string.Join('&', query) }.Where(part => part.Length > 0));
    }

    public override string ToString() => $"{Method} {Path}";

    // Write values as JSON does: true, not True.
    private static string ExampleOf(JsonElement parameter) =>
        !parameter.TryGetProperty("example", out var example) ? "none" : example.ValueKind == JsonValueKind.String ? example.GetString()! : example.GetRawText();
}

using System.Text.Json;
using System.Text.RegularExpressions;
using VisionPlatform.Api.Http;
using VisionPlatform.Api.Http.Access;
using VisionPlatform.Api.Http.Answers;
using VisionPlatform.Api.Http.Lists;
using VisionPlatform.Api.Http.Limits;
using VisionPlatform.Api.Http.Requests;
using VisionPlatform.Api.Http.Idempotency;
using VisionPlatform.Api.OpenApi;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Contract;

/// <summary>Checks that the description of every function is complete; a failure says what to add.</summary>
public sealed partial class DescriptionTests
{
    private static readonly ApiDescription Description = ApiDescription.Present;

    [Fact]
    public void Every_function_below_api_v1_is_described()
    {
        var described = Description.Operations.Select(operation => (operation.Path, operation.Method)).ToHashSet();
        var contracts = VisionPlatform.Api.OpenApi.Contract.AllOf(FunctionDeclaration.AllHttpFunctionsIn(typeof(ApiDocument).Assembly));

        Assert.NotEmpty(contracts);
        Assert.All(contracts, contract => Assert.Contains((contract.Path, contract.Method), described));
    }

    [Fact]
    public void Every_operation_is_described_completely()
    {
        var missing = new List<string>();
        foreach (var operation in Description.Operations)
        {
            void Need(bool there, string what)
            {
                if (!there)
                    missing.Add($"{operation} ({operation.Id}): {what}");
            }

            Need(Summary().IsMatch(operation.Json.GetProperty("summary").GetString()!), "[Operation(\"…\")] begins with a capital letter, has at most 50 characters and no full stop: it is shown as a title. More goes into Description.");
            Need(!operation.Json.TryGetProperty("description", out _) || IsSentence(operation.Json), "Description begins with a capital letter and ends with a full stop.");
            Need(operation.Json.GetProperty("tags").GetArrayLength() == 1, "no tag.");
            Need(operation.Security != "accessToken" || operation.Json.TryGetProperty("x-permission", out _), "no permission.");
            foreach (var parameter in operation.Parameters.Where(parameter => parameter.GetProperty("in").GetString() != "header"))
            {
                var name = parameter.GetProperty("name").GetString()!;
                var needsExample = parameter.TryGetProperty("required", out var required) && required.GetBoolean();
                Need(!needsExample || parameter.TryGetProperty("example", out _), parameter.GetProperty("in").GetString() == "path"
                    ? $"{{{name}}} has no example: add the collection and its id to Http/Examples.cs."
                    : $"?{name}= has no example: add Example = … to its [Query].");
                if (parameter.TryGetProperty("example", out var example))
                    Need(Description.Schemas.Differences(example, parameter.GetProperty("schema")).Count == 0, $"the example of {name} does not fit its type.");
            }
            if (operation.Body is { } body)
            {
                var differences = operation.BodyExample is { } example ? Description.Schemas.Differences(example, body.Value.GetProperty("schema")) : null;
                Need(differences is not null, "the body has no example: add Example = \"\"\"{…}\"\"\" to [Operation].");
                Need(differences is null or { Count: 0 }, $"the example does not fit the body: {string.Join("; ", differences ?? [])}");
            }
            foreach (var parameter in operation.Parameters)
                Need(IsSentence(parameter), $"the parameter {parameter.GetProperty("name").GetString()} has no description that begins with a capital letter and ends with a full stop.");
            Need(operation.Successes.Count > 0, "no status of success.");
            Need(operation.Codes.Contains("INTERNAL_ERROR"), "no 500.");
            Need(operation.Security == "" || operation.Response(401) is not null, "no 401.");
        }
        Assert.True(missing.Count == 0, "The description of the API is not complete:\n  " + string.Join("\n  ", missing));
    }

    [Fact]
    public void Every_answer_has_a_schema_and_an_example_that_fits_it()
    {
        var wrong = new List<string>();
        foreach (var operation in Description.Operations)
        {
            foreach (var status in operation.Successes.Where(status => status is 200 or 201 || operation.Response(status)!.Value.TryGetProperty("content", out _)))
            {
                if (!operation.Response(status)!.Value.TryGetProperty("content", out var content))
                    wrong.Add($"{operation}: {status} has no schema; add Returns = typeof(…) to [Operation].");
                else if (content.TryGetProperty("application/json", out var json) && operation.Id != "openApi")
                    wrong.AddRange(Description.Schemas.Differences(json.GetProperty("example"), json.GetProperty("schema")).Select(difference => $"{operation}: the example of {status}: {difference}"));
            }
        }
        foreach (var example in Description.Document.GetProperty("components").GetProperty("examples").EnumerateObject())
            wrong.AddRange(Description.Schemas.Differences(example.Value.GetProperty("value"), Description.Document.GetProperty("components").GetProperty("schemas").GetProperty("Problem")).Select(difference => $"{example.Name}: {difference}"));
        Assert.True(wrong.Count == 0, string.Join("\n  ", wrong));
    }

    [Fact]
    public void Every_schema_and_every_field_has_a_description()
    {
        var missing = new List<string>();
        foreach (var schema in Description.Document.GetProperty("components").GetProperty("schemas").EnumerateObject())
        {
            if (!IsSentence(schema.Value))
                missing.Add($"{schema.Name}: the type needs a <summary>.");
            if (schema.Value.TryGetProperty("properties", out var properties))
                missing.AddRange(properties.EnumerateObject().Where(property => !IsSentence(property.Value)).Select(property => $"{schema.Name}.{property.Name}: needs a <param name=\"…\"> (of a property: a <summary>)."));
        }
        Assert.True(missing.Count == 0, $"{missing.Count} descriptions are missing, or do not begin with a capital letter and end with a full stop. Readers of the API know nothing but this document; write the doc comments for them:\n  " + string.Join("\n  ", missing));
    }

    [Fact]
    public void Every_operation_except_the_health_probes_describes_a_4xx_answer() =>
        Assert.Equal(["healthLiveV1", "healthReadyV1"], Description.Operations.Where(operation => !operation.Json.GetProperty("responses").EnumerateObject().Any(response => response.Name[0] == '4')).Select(operation => operation.Id).Order(StringComparer.Ordinal));

    [Fact]
    public void Examples_of_answers_use_realistic_texts()
    {
        var unknown = Description.Operations.SelectMany(operation => operation.Successes.Select(status => operation.Response(status)!.Value))
            .Where(response => response.TryGetProperty("content", out var content) && content.TryGetProperty("application/json", out var json) && json.TryGetProperty("example", out _))
            .SelectMany(response => Texts(response.GetProperty("content").GetProperty("application/json").GetProperty("example"), ""))
            .Where(text => text.Value == "text").Select(text => text.Field).Distinct();

        Assert.True(!unknown.Any(), $"Add to OpenApi/SchemaExamples.cs what these fields look like: {string.Join(", ", unknown)}");

        static IEnumerable<(string Field, string Value)> Texts(JsonElement value, string field) => value.ValueKind switch
        {
            JsonValueKind.Object => value.EnumerateObject().SelectMany(property => Texts(property.Value, property.Name)),
            JsonValueKind.Array => value.EnumerateArray().SelectMany(item => Texts(item, field)),
            JsonValueKind.String => [(field, value.GetString()!)],
            _ => [],
        };
    }

    [Fact]
    public void Every_reference_resolves_and_every_operation_id_is_unique()
    {
        foreach (Match reference in Reference().Matches(Description.Text))
            Assert.NotEqual(JsonValueKind.Undefined, reference.Groups[1].Value.Split('/').Aggregate(Description.Document, (at, part) => at.GetProperty(part)).ValueKind);
        Assert.Equal(Description.Operations.Count, Description.Operations.Select(operation => operation.Id).Distinct().Count());
    }

    [Fact]
    public void Limits_of_fields_and_what_may_be_null_are_in_the_schemas()
    {
        var schemas = Description.Document.GetProperty("components").GetProperty("schemas");

        Assert.Equal(200, schemas.GetProperty("ProjectRequest").GetProperty("properties").GetProperty("name").GetProperty("maxLength").GetInt32());
        Assert.Equal(["name"], schemas.GetProperty("ProjectRequest").GetProperty("required").EnumerateArray().Select(field => field.GetString()!));
        Assert.Equal("date-time", schemas.GetProperty("Project").GetProperty("properties").GetProperty("createdAt").GetProperty("format").GetString());
        Assert.Equal(["null", "string"], schemas.GetProperty("Project").GetProperty("properties").GetProperty("description").GetProperty("type").EnumerateArray().Select(type => type.GetString()!));
        Assert.Equal(["projectId", "name", "taskType"], schemas.GetProperty("NewDataset").GetProperty("required").EnumerateArray().Select(field => field.GetString()!));
    }

    [Fact]
    public void A_field_that_may_be_null_allows_null_also_when_it_is_an_enum_or_a_record()
    {
        var schemas = Description.Document.GetProperty("components").GetProperty("schemas");
        var nothing = JsonDocument.Parse("null").RootElement;

        bool TakesNull(string schema, string field) => Description.Schemas.Differences(nothing, schemas.GetProperty(schema).GetProperty("properties").GetProperty(field)).Count == 0;

        Assert.True(TakesNull("NewUploads", "onDuplicate"));
        Assert.True(TakesNull("TrainingJob", "error"));
        Assert.False(TakesNull("NewDataset", "taskType"));
        Assert.False(TakesNull("FinishedUploads", "uploadIds"));
        Assert.False(TakesNull("Problem", "errors"));
    }

    [Fact]
    public void The_committed_description_is_current() =>
        Assert.True(
            File.ReadAllText(Path.Combine(Repository.Root, "docs", "openapi.json")) == Description.Text,
            "The API is not what docs/openapi.json says. If the change is meant, run `./platform openapi` and commit the file, so that the change of contract shows in review.");

    private static bool IsSentence(JsonElement schema) =>
        schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty("description", out var description) && Sentence().IsMatch(description.GetString()!);

    [GeneratedRegex(@"^[A-Z].{3,48}[^.]$")]
    private static partial Regex Summary();

    [GeneratedRegex(@"^[A-Z`].*[.`)]$", RegexOptions.Singleline)]
    private static partial Regex Sentence();

    [GeneratedRegex("\"\\$ref\": ?\"#/([^\"]+)\"")]
    private static partial Regex Reference();
}

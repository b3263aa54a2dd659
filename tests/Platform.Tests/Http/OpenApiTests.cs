using System.Text.Json;
using System.Text.RegularExpressions;
using VisionPlatform.Api.Http;
using VisionPlatform.Api.OpenApi;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Http;

public sealed partial class OpenApiTests(PlatformHost host) : PlatformTests(host)
{
    [Fact]
    public async Task Every_function_below_api_v1_appears_with_summary_responses_and_problems()
    {
        var document = (await Host.App.NewClient().GetAsync("openapi.json")).Expect(200).Body;
        Assert.Equal("3.1.0", document.GetProperty("openapi").GetString());
        var functions = OpenApiDocument.FunctionsIn(typeof(OpenApiDocument).Assembly);
        Assert.NotEmpty(functions);

        foreach (var function in functions)
        {
            var path = "/" + Constraint().Replace(function.Route, "}");
            Assert.True(document.GetProperty("paths").TryGetProperty(path, out var item), $"{path} is not in the document");
            foreach (var method in function.Methods)
            {
                var operation = item.GetProperty(method.ToLowerInvariant());
                Assert.NotEmpty(operation.GetProperty("summary").GetString()!);
                Assert.NotEmpty(operation.GetProperty("tags").EnumerateArray());
                var responses = operation.GetProperty("responses").EnumerateObject().ToList();
                Assert.Contains(responses, response => response.Name[0] == '2');
                Assert.Contains(responses, response => response.Name == "500" && response.Value.GetProperty("content").TryGetProperty("application/problem+json", out _));
            }
        }
    }

    [Fact]
    public async Task Every_reference_leads_to_a_schema_and_every_operation_has_an_id_of_its_own()
    {
        var document = (await Host.App.NewClient().GetAsync("openapi.json")).Expect(200);
        var schemas = document.Body.GetProperty("components").GetProperty("schemas").EnumerateObject().Select(schema => schema.Name).ToHashSet();

        var references = Reference().Matches(document.RawText).Select(match => match.Groups[1].Value).Distinct().ToList();

        Assert.Contains("Problem", references);
        Assert.Empty(references.Except(schemas));
        Assert.DoesNotMatch(OtherReference(), document.RawText);
        var ids = document.Body.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject()).Select(operation => operation.Value.GetProperty("operationId").GetString()).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
    }

    [Fact]
    public async Task Limits_of_fields_and_what_may_be_null_are_in_the_schemas()
    {
        var schemas = (await Host.App.NewClient().GetAsync("openapi.json")).Body.GetProperty("components").GetProperty("schemas");

        var name = schemas.GetProperty("ProjectRequest").GetProperty("properties").GetProperty("name");
        Assert.Equal(200, name.GetProperty("maxLength").GetInt32());
        Assert.Equal(["name"], schemas.GetProperty("ProjectRequest").GetProperty("required").EnumerateArray().Select(field => field.GetString()!));
        Assert.Equal("date-time", schemas.GetProperty("Project").GetProperty("properties").GetProperty("createdAt").GetProperty("format").GetString());
        Assert.Equal(JsonValueKind.Array, schemas.GetProperty("Project").GetProperty("properties").GetProperty("description").GetProperty("type").ValueKind);
    }

    [GeneratedRegex(@":[a-z]+(\([^)]*\))?\}|\?\}")]
    private static partial Regex Constraint();

    [GeneratedRegex("\"\\$ref\":\\s*\"#/components/schemas/([^\"]+)\"")]
    private static partial Regex Reference();

    [GeneratedRegex("\"\\$ref\":\\s*\"(?!#/components/schemas/)")]
    private static partial Regex OtherReference();
}

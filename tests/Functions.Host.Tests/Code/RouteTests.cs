using Microsoft.AspNetCore.Routing.Template;
using VisionPlatform.Api.Http;
using VisionPlatform.Api.Http.Access;
using VisionPlatform.Api.Http.Answers;
using VisionPlatform.Api.Http.Lists;
using VisionPlatform.Api.Http.Limits;
using VisionPlatform.Api.Http.Requests;
using VisionPlatform.Api.Http.Idempotency;
using VisionPlatform.Api.OpenApi;
using VisionPlatform.Functions.Host.Tests.Hosts;

namespace VisionPlatform.Functions.Host.Tests.Code;

/// <summary>
/// The Functions host takes the first route that fits, in the order of the functions' names (azure-functions-host issue 9876); the embedded
/// host takes the most specific one. Both answer the same when at most one route fits a request, but for the last one, which fits any.
/// </summary>
public sealed class RouteTests
{
    private static readonly IReadOnlyList<FunctionDeclaration> Functions = FunctionDeclaration.AllHttpFunctionsIn(typeof(ApiDocument).Assembly);

    [Fact]
    public void No_two_functions_answer_the_same_request()
    {
        var overlaps =
            from one in Functions
            from other in Functions
            where string.CompareOrdinal(one.Name, other.Name) != 0 && one.Name != UnknownAddressFunctions.Name && other.Name != UnknownAddressFunctions.Name
            where one.Methods.Intersect(other.Methods).Any() && Routes.Fits(one.Route, Sample(other.Route))
            select $"{string.Join(',', one.Methods)} {one.Route} ({one.Name}) also fits {Sample(other.Route)} of {other.Name}";
        Assert.Empty(overlaps);
    }

    [Fact]
    public void The_answer_to_unknown_addresses_is_the_last_by_name()
    {
        Assert.All([StringComparer.Ordinal, StringComparer.OrdinalIgnoreCase], order =>
            Assert.Equal(UnknownAddressFunctions.Name, Functions.Select(function => function.Name).Order(order).Last()));
        Assert.All(["/", "/favicon.ico", "/api/v1/nothing/here"], address =>
            Assert.True(Routes.Fits(Functions.Single(function => function.Name == UnknownAddressFunctions.Name).Route, address)));
    }

    [Fact]
    public void No_route_begins_like_a_route_of_the_host() =>
        Assert.DoesNotContain(Functions, function => function.Route.StartsWith("admin", StringComparison.OrdinalIgnoreCase) || function.Route.StartsWith("runtime", StringComparison.OrdinalIgnoreCase));

    [Fact]
    public void Every_function_that_answers_GET_answers_HEAD() =>
        Assert.Empty(Functions.Where(function => function.Methods.Contains("GET") && !function.Trigger!.Methods!.Contains("head")).Select(function => function.Name));

    /// <summary>An address that the route is for: an id for an id, a word for anything else.</summary>
    private static string Sample(string route) => "/" + string.Join('/', TemplateParser.Parse(route).Segments.Select(segment => string.Concat(segment.Parts.Select(part =>
        part.IsLiteral || !part.IsParameter ? part.Text : part.InlineConstraints.Any(constraint => constraint.Constraint == "guid") ? Guid.CreateVersion7().ToString()
            : part.InlineConstraints.Any(constraint => constraint.Constraint is "int" or "long") ? "7" : "word"))));
}

using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Template;
using Microsoft.Azure.Functions.Worker;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Api.Http.Answers;

/// <summary>Answers with a problem where there is no function, whatever the method.</summary>
public sealed class UnknownAddressFunctions
{
    private static readonly Lazy<IReadOnlyList<(TemplateMatcher Matcher, IReadOnlyList<string> Methods)>> Routes = new(() =>
    [
        .. FunctionDeclaration.AllHttpFunctionsIn(typeof(UnknownAddressFunctions).Assembly)
            .Where(function => function.Name != Name)
            .Select(function => (new TemplateMatcher(TemplateParser.Parse(function.Route), []), function.Methods)),
    ]);

    /// <summary>
    /// The Functions host uses the first matching route in the order of the functions' names. This name is the last, and no other two
    /// routes match the same request (RouteTests). The embedded host uses the most specific route, which is any other.
    /// </summary>
    public const string Name = "zzUnknownAddress";

    [Function(Name), AllowAnonymousAccess, RateLimit(RateLimit.General)]
    public static IResult UnknownAddress([HttpTrigger(AuthorizationLevel.Anonymous, Route = "{*path}")] HttpRequest request)
    {
        var methods = Routes.Value
            .Where(route => route.Matcher.TryMatch(request.Path, new RouteValueDictionary()))
            .SelectMany(route => route.Methods).Distinct().ToList();
        if (methods.Contains("GET"))
            methods.Add("HEAD");
        // The address supports the method, so a route value did not match its constraint: the resource does not exist.
        if (methods.Count == 0 || methods.Contains(request.Method))
            return new ProblemResult(new ProblemException(ErrorCodes.NotFound, methods.Count == 0 ? "There is nothing at this address." : null));
        request.HttpContext.Response.Headers.Allow = string.Join(", ", methods.Append("OPTIONS").Order(StringComparer.Ordinal));
        // A preflight request of a browser. RequestMiddleware has set the headers of its answer.
        if (HttpMethods.IsOptions(request.Method))
            return TypedResults.NoContent();
        return new ProblemResult(new ProblemException(ErrorCodes.MethodNotAllowed, $"This address supports {string.Join(", ", methods)}."));
    }
}

using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Template;
using Microsoft.Azure.Functions.Worker;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Api.Http.Answers;

/// <summary>Answers what no other function of the API does, in the same form as every failure.</summary>
public sealed class UnknownAddressFunctions
{
    private static readonly Lazy<IReadOnlyList<(TemplateMatcher Matcher, IReadOnlyList<string> Methods)>> Routes = new(() =>
    [
        .. FunctionDeclaration.AllHttpFunctionsIn(typeof(UnknownAddressFunctions).Assembly)
            .Where(function => function.Name != Name)
            .Select(function => (new TemplateMatcher(TemplateParser.Parse(function.Route), []), function.Methods)),
    ]);

    /// <summary>
    /// The Functions host takes the first route that fits, in the order of the functions' names; this name is the last, and no other two
    /// routes fit the same request (RouteTests). The embedded host takes the most specific one, which is any other.
    /// </summary>
    public const string Name = "zzUnknownAddress";

    [Function(Name), AllowAnonymousAccess, RateLimit(RateLimit.General)]
    public static IResult UnknownAddress(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "post", "put", "patch", "delete", "options", Route = "api/{*path}")] HttpRequest request)
    {
        var methods = Routes.Value
            .Where(route => route.Matcher.TryMatch(request.Path, new RouteValueDictionary()))
            .SelectMany(route => route.Methods).Distinct().Order(StringComparer.Ordinal).ToList();
        // The method is offered, so what did not match is a value in the address: no such thing.
        if (methods.Count == 0 || methods.Contains(request.Method))
            return new ProblemResult(new ProblemException(ErrorCodes.NotFound, methods.Count == 0 ? "There is nothing at this address." : null));
        request.HttpContext.Response.Headers.Allow = string.Join(", ", methods);
        // A browser asking before it sends; RequestMiddleware has answered that in the headers.
        if (HttpMethods.IsOptions(request.Method))
            return TypedResults.NoContent();
        return new ProblemResult(new ProblemException(ErrorCodes.MethodNotAllowed, $"This address takes {string.Join(", ", methods)}."));
    }
}

using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Constraints;
using Microsoft.AspNetCore.Routing.Template;

namespace VisionPlatform.Functions.Host.Tests.Hosts;

/// <summary>Routes of functions by the rules of ASP.NET Core, which both hosts use.</summary>
internal static class Routes
{
    public static bool Fits(string route, string path) => Match(route, path) is not null;

    /// <summary>The values of a route's parameters in a path; null when the route does not fit.</summary>
    public static RouteValueDictionary? Match(string route, string path)
    {
        var template = TemplateParser.Parse(route);
        var values = new RouteValueDictionary();
        var fits = new TemplateMatcher(template, []).TryMatch(path, values) && template.Parameters.All(parameter => parameter.InlineConstraints.All(constraint => constraint.Constraint switch
        {
            "guid" => new GuidRouteConstraint().Match(null, null, parameter.Name!, values, RouteDirection.IncomingRequest),
            "int" => new IntRouteConstraint().Match(null, null, parameter.Name!, values, RouteDirection.IncomingRequest),
            "long" => new LongRouteConstraint().Match(null, null, parameter.Name!, values, RouteDirection.IncomingRequest),
            var other => throw new InvalidOperationException($"Teach the tests the constraint {other} of {route}."),
        }));
        return fits ? values : null;
    }
}

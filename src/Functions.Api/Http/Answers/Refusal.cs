using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Api.Http.Answers;

/// <summary>The 403 answer for a missing permission.</summary>
internal static class Refusal
{
    /// <param name="who">Subject of the sentence that lacks the permission: <c>The role guest</c>.</param>
    /// <param name="permission">The missing permission.</param>
    public static ProblemException Of(string who, Permission permission)
    {
        var name = AccessPolicy.NameOf(permission);
        return new ProblemException(ErrorCodes.Forbidden, $"{who} does not hold the permission {name}.") { Permission = name };
    }
}

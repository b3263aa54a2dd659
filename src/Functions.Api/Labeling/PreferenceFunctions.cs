using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Labeling;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Labeling;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Api.Labeling;

/// <summary>How the caller works in the labeling application. An update replaces everything.</summary>
/// <param name="DatasetId">Dataset that is open; null for none.</param>
/// <param name="Shortcuts">Keys by the action that they start, for example `"next_image": "D"`. No two actions may have the same keys.</param>
public sealed record LabelingPreferencesRequest(Guid? DatasetId, Dictionary<string, string> Shortcuts) : IValidatableObject
{
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) => ShortcutRules.Check(Shortcuts)
        .Select(wrong => new ValidationResult(wrong.Problem, [wrong.Action.Length == 0 ? "shortcuts" : $"shortcuts.{wrong.Action}"]));
}

/// <summary>How the caller works in the labeling application.</summary>
/// <param name="DatasetId">Dataset that was open last; null when none was.</param>
/// <param name="Shortcuts">Keys by the action that they start. Empty until the caller has set some.</param>
/// <param name="UpdatedAt">Time of the last update; null when there was none.</param>
public sealed record LabelingPreferencesAnswer(Guid? DatasetId, IReadOnlyDictionary<string, string> Shortcuts, DateTimeOffset? UpdatedAt)
{
    public static LabelingPreferencesAnswer Of(LabelingPreferences? preferences) => preferences is null
        ? new(null, new Dictionary<string, string>(), null)
        : new(preferences.DatasetId, preferences.Shortcuts, preferences.UpdatedAt);
}

/// <summary>The caller's own preferences, the same on every machine.</summary>
public sealed class PreferenceFunctions(LabelingDatabase database, PreferenceChanges changes)
{
    private const string Route = "api/v1/labeling/preferences";
    private const string Unversioned = "Only the person themselves changes it; whoever writes last decides.";

    [Function("GetLabelingPreferences"), RequiresPermission(Permission.LabelingRead)]
    [Operation("Get the caller's preferences", Returns = typeof(LabelingPreferencesAnswer), Unversioned = Unversioned,
        Description = "Preferences that were never set are empty.")]
    public async Task<IResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request, CancellationToken cancellation)
    {
        var user = request.CurrentUser();
        return Answer.Ok(LabelingPreferencesAnswer.Of(await database.Preferences.AsNoTracking().SingleOrDefaultAsync(row => row.UserId == user.Id, cancellation)));
    }

    [Function("ReplaceLabelingPreferences"), RequiresPermission(Permission.LabelingWrite)]
    [Operation("Replace the caller's preferences", Body = typeof(LabelingPreferencesRequest), Returns = typeof(LabelingPreferencesAnswer), Unversioned = Unversioned,
        Example = """{"datasetId":null,"shortcuts":{"next_image":"D","previous_image":"A"}}""")]
    public async Task<IResult> Replace([HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = Route)] HttpRequest request, CancellationToken cancellation)
    {
        var body = await request.ReadJsonAsync<LabelingPreferencesRequest>(cancellation);
        return Answer.Ok(LabelingPreferencesAnswer.Of(await changes.ReplaceAsync(request.CurrentUser().Id, body.DatasetId, body.Shortcuts, cancellation)));
    }
}

using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Labeling;

public sealed class PreferenceTests(PlatformHost host) : PlatformTests(host)
{
    [Fact]
    public async Task Preferences_are_empty_until_set_and_the_last_update_wins()
    {
        using var person = await Host.NewUserAsync();
        var dataset = Guid.CreateVersion7();

        var before = (await person.GetAsync("labeling/preferences")).Expect(200);
        Assert.Equal("""{"datasetId":null,"shortcuts":{},"updatedAt":null}""", before.RawText);

        (await person.PutAsync("labeling/preferences", new { datasetId = dataset, shortcuts = new { next_image = "D" } })).Expect(200);
        var set = (await person.PutAsync("labeling/preferences", new { datasetId = dataset, shortcuts = new { next_image = "N" } })).Expect(200);

        Assert.Equal("N", set.Body.GetProperty("shortcuts").GetProperty("next_image").GetString());
        var read = (await person.GetAsync("labeling/preferences")).Expect(200);
        Assert.Equal(dataset, read.Body.GetProperty("datasetId").GetGuid());
        Assert.Equal(set.RawText, read.RawText);
    }

    [Fact]
    public async Task Each_person_has_their_own_preferences()
    {
        using var ann = await Host.NewUserAsync();
        using var cem = await Host.NewUserAsync();

        (await ann.PutAsync("labeling/preferences", new { shortcuts = new { next_image = "D" } })).Expect(200);

        Assert.Empty((await cem.GetAsync("labeling/preferences")).Expect(200).Body.GetProperty("shortcuts").EnumerateObject());
    }

    [Fact]
    public async Task Keys_that_would_start_two_actions_are_refused_and_change_nothing()
    {
        using var person = await Host.NewUserAsync();

        var refused = (await person.PutAsync("labeling/preferences", new { shortcuts = new { next_image = "D", delete = "d" } })).Expect(422, "VALIDATION_FAILED");

        Assert.NotEmpty(refused.ErrorsOf("shortcuts.delete"));
        Assert.Empty((await person.GetAsync("labeling/preferences")).Expect(200).Body.GetProperty("shortcuts").EnumerateObject());
    }

    [Fact]
    public async Task Preferences_are_stored_in_the_database_of_the_labeler()
    {
        using var person = await Host.NewUserAsync();

        (await person.PutAsync("labeling/preferences", new { shortcuts = new { next_image = "D" } })).Expect(200);

        await using var labeler = Host.App.Databases.Open(LabelingDatabase.Declaration);
        Assert.Equal("D", (await labeler.Preferences.FindAsync(person.UserId))!.Shortcuts["next_image"]);
    }

    [Fact]
    public async Task A_read_only_token_cannot_change_preferences()
    {
        using var person = await Host.NewUserAsync();
        var token = (await person.PostAsync("auth/tokens", new { name = "a script", scopes = new[] { "read" } })).Expect(201).Text("token");
        using var script = Host.App.NewClient().WithToken(token);

        (await script.GetAsync("labeling/preferences")).Expect(200);
        (await script.PutAsync("labeling/preferences", new { shortcuts = new { next_image = "D" } })).Expect(403, "FORBIDDEN");
    }
}

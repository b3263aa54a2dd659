using VisionPlatform.Domain.Datasets.Annotations;

namespace VisionPlatform.Domain.Tests.Datasets.Annotations;

public sealed class KeypointListTests
{
    [Fact]
    public void Left_and_right_change_places_when_no_flip_is_given()
    {
        Assert.Equal([0, 2, 1, 3], KeypointList.Of(["nose", "left_eye", "Right_eye", "left_ear"], null, null).Flip);
        Assert.Equal([0, 1], KeypointList.Of(["left_eye", "right_eye"], null, [0, 1]).Flip);
    }

    [Fact]
    public void What_is_wrong_with_a_list_is_named()
    {
        Assert.Null(KeypointList.Of(["a", "b"], [[0, 1]], [1, 0]).Problem());
        Assert.Equal("names", KeypointList.Of([], null, null).Problem()!.Value.Field);
        Assert.Equal("names[1]", KeypointList.Of(["a", "A"], null, null).Problem()!.Value.Field);
        Assert.Equal("names[0]", KeypointList.Of([""], null, null).Problem()!.Value.Field);
        Assert.Equal("skeleton[1]", KeypointList.Of(["a", "b"], [[0, 1], [0, 2]], null).Problem()!.Value.Field);
        Assert.Equal("flip", KeypointList.Of(["a", "b"], null, [0]).Problem()!.Value.Field);
        Assert.Equal("flip[0]", KeypointList.Of(["a", "b", "c"], null, [1, 2, 0]).Problem()!.Value.Field);
    }

    [Fact]
    public void Classes_are_found_in_any_case_and_named_once()
    {
        Assert.Equal("Straße", new ClassList(["Straße"]).Find("STRASSE"));
        Assert.Equal("[1]", ClassList.Problem(["cat", "CAT"])!.Value.Field);
        Assert.Equal("[0]", ClassList.Problem(["a/b"])!.Value.Field);
    }
}

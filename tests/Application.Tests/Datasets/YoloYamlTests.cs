using VisionPlatform.Application.Datasets.Annotations;

namespace VisionPlatform.Application.Tests.Datasets;

/// <summary>The description of classes in a YOLO dataset.</summary>
public sealed class YoloYamlTests
{
    [Theory]
    [InlineData("names: [cat, dog]")]
    [InlineData("names: ['cat', \"dog\",]  # two")]
    [InlineData("names: [cat,\n  dog]")]
    [InlineData("names:\n- cat\n- dog\nnc: 2")]
    [InlineData("names:\n  # the classes\n\n  - cat\n  - 'dog'\nval: images/val")]
    [InlineData("\uFEFFpath: ../x\r\nnames:\r\n  0: cat\r\n  1: \"dog\" # the other\r\n")]
    [InlineData("names: {1: dog, 0: 'cat'}")]
    [InlineData("train: [a, {b: [c]}]\n? [d, e]\n: f\nnames: [cat, dog]")]
    public void Classes_are_read_from_every_form_of_names(string text)
    {
        var read = YoloYaml.Parse(text);
        Assert.Equal(new Dictionary<int, string> { [0] = "cat", [1] = "dog" }, read.Names);
        Assert.Null(read.Keypoints);
    }

    [Theory]
    [InlineData("names: [a]\nkpt_shape: [17, 3]", 17, 3)]
    [InlineData("kpt_shape:\n  - 4\n  - 2\nnames: [a]", 4, 2)]
    public void The_shape_of_keypoints_is_read(string text, int points, int values)
    {
        var read = YoloYaml.Parse(text);
        Assert.Equal((points, values), (read.Keypoints, read.KeypointValues));
    }

    [Fact]
    public void Commas_hashes_and_quotes_in_a_name_belong_to_it() =>
        Assert.Equal(["it's", "a, b", "c#d", "e # f"], YoloYaml.Parse("names: ['it''s', \"a, b\", c#d, 'e # f']").Names.Values);

    [Theory]
    [InlineData("nc: 2", "no names")]
    [InlineData("names: 5", "line 1: A list or a mapping is expected")]
    [InlineData("path: x\nnames: [a, b", "The file is no YAML: While parsing a flow")]
    [InlineData("names: [a, [b]]", "line 1: A text or a number is expected")]
    [InlineData("names: *all", "line 1: A list or a mapping is expected")]
    [InlineData("- names", "no names")]
    [InlineData("", "no names")]
    [InlineData("names:\n  0: a\n  0: b", "line 3: The class 0 is there twice")]
    [InlineData("names:\n  zero: a", "line 2: 'zero' is no number of a class")]
    [InlineData("names:\n  99999999999: a", "is no number of a class")]
    [InlineData("names: [a]\nkpt_shape: [17]", "line 2: kpt_shape is")]
    [InlineData("names: [a]\nkpt_shape: [17, 4]", "line 2: kpt_shape is")]
    [InlineData("names: ['a]", "line 1: The file is no YAML")]
    [InlineData("names:\n  - ''", "line 2: The name of the class is empty")]
    public void A_wrong_description_says_where(string text, string problem) =>
        Assert.Contains(problem, Assert.Throws<FormatException>(() => YoloYaml.Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_description_that_nests_without_end_is_refused() =>
        Assert.Contains("line 2: More than 32", Assert.Throws<FormatException>(() => YoloYaml.Parse("names: [a]\npath: " + new string('[', 1_000_000))).Message, StringComparison.Ordinal);
}

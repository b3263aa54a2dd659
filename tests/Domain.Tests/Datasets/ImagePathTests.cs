using VisionPlatform.Domain.Datasets;

namespace VisionPlatform.Domain.Tests.Datasets;

public sealed class ImagePathTests
{
    [Theory]
    [InlineData("a.png")]
    [InlineData("3/img_0001.png")]
    [InlineData("a b/ü-日本/😀 (1) +%&=#'.jpg")]
    [InlineData("..hidden/...x.png")]
    [InlineData("क्‍ष.png")]
    [InlineData("❤️/👩‍🔬 1️⃣.png")]
    [InlineData("console/auxiliary.png")]
    [InlineData("com10/nullable.png")]
    public void A_plain_relative_path_is_taken(string path) => Assert.Null(ImagePath.Problem(path));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("/etc/passwd")]
    [InlineData("C:/x.png")]
    [InlineData("c:x.png")]
    [InlineData("../x.png")]
    [InlineData("a/../../x.png")]
    [InlineData("a/./x.png")]
    [InlineData("a//x.png")]
    [InlineData("a/")]
    [InlineData("a\\x.png")]
    [InlineData("a\0.png")]
    [InlineData("a\n.png")]
    [InlineData("a\u007f.png")]
    [InlineData("a\u0085.png")]
    [InlineData("photo\u202Egnp.exe")]
    [InlineData("a\u2067b.png")]
    [InlineData("a\u200Bb.png")]
    [InlineData("\uFEFFa.png")]
    [InlineData("a\u2028b.png")]
    [InlineData("a\uFFFD.png")]
    [InlineData(" a.png")]
    [InlineData("a./x.png")]
    [InlineData("a /x.png")]
    [InlineData("a.png ")]
    [InlineData("a\u00ADb.png")]
    [InlineData("a\u2060b.png")]
    [InlineData("a\u180Eb.png")]
    [InlineData("a\u034Fb.png")]
    [InlineData("a\u3164.png")]
    [InlineData("a\uFE0F.png")]
    [InlineData("a\u200Db.png")]
    [InlineData("日\uFE00.png")]
    [InlineData("CON/z.png")]
    [InlineData("con.png")]
    [InlineData("a/Aux.tar.png")]
    [InlineData("nul .png")]
    [InlineData("COM1.png")]
    [InlineData("lpt³/x.png")]
    [InlineData("CONIN$/x.png")]
    [InlineData("a/d:e.png")]
    [InlineData("a?.png")]
    [InlineData("a*.png")]
    [InlineData("<a>.png")]
    [InlineData("a|b.png")]
    [InlineData("\"a\".png")]
    [InlineData("a\u00A0/x.png")]
    public void Any_other_path_is_refused_with_a_reason(string? path) => Assert.NotNull(ImagePath.Problem(path));

    /// <summary>Apart from the others because test data crosses as UTF-8, which has no such thing.</summary>
    [Fact]
    public void Half_a_surrogate_pair_is_refused() => Assert.NotNull(ImagePath.Problem("a\uD83D.png"));

    [Fact]
    public void The_length_is_counted_in_bytes()
    {
        Assert.Null(ImagePath.Problem(new string('a', 255)));
        Assert.NotNull(ImagePath.Problem(new string('a', 256)));
        Assert.NotNull(ImagePath.Problem(new string('日', 86)));
        var folders = string.Join('/', Enumerable.Repeat(new string('a', 179), 5));
        Assert.Equal(899, folders.Length);
        Assert.Null(ImagePath.Problem(folders + "a"));
        Assert.NotNull(ImagePath.Problem(folders + "aa"));
    }

    [Fact]
    public void Paths_that_differ_in_case_or_in_the_spelling_of_an_accent_are_the_same() =>
        Assert.Equal([2, 4, 6, 8], ImagePath.Repeated(["a/B.png", "a/c.png", "A/b.PNG", "Ü.png", "ü.png", "k.png", "\u212A.png", "caf\u00E9.png", "cafe\u0301.png"]));

    [Fact]
    public void A_file_is_in_the_way_of_a_folder_of_the_same_name() =>
        Assert.Equal([1, 3], ImagePath.InTheWay(["a.png", "A.PNG/x.png", "b/c.png", "b/c.png/d/e.png", "b/c.pngs/d.png"]));

    [Theory]
    [InlineData("3/img.png", "3")]
    [InlineData("cat/sub/img.png", "cat")]
    [InlineData("img.png", null)]
    [InlineData("train/cat/1.png", "cat")]
    [InlineData("Validation/dog/sub/1.png", "dog")]
    [InlineData("test/1.png", null)]
    [InlineData("trains/1.png", "trains")]
    public void The_class_is_the_first_folder_that_is_not_the_name_of_a_split(string path, string? expected) => Assert.Equal(expected, ImagePath.ClassOf(path));

    [Theory]
    [InlineData("cat", true)]
    [InlineData("Straßen-Schild 30 km/h", false)]
    [InlineData("a\\b", false)]
    [InlineData("", false)]
    [InlineData(" cat", false)]
    [InlineData("cat\t", false)]
    [InlineData("..", false)]
    [InlineData("c\u202Eat", false)]
    [InlineData("日本 語", true)]
    [InlineData("NUL", false)]
    [InlineData("cat.", false)]
    [InlineData("a:b", false)]
    [InlineData("c\u00ADat", false)]
    public void A_class_name_is_a_folder_name(string name, bool good) => Assert.Equal(good, ClassName.Problem(name) is null);

    [Fact]
    public void Classes_that_differ_in_case_or_in_the_spelling_of_an_accent_are_one_and_the_first_spelling_wins()
    {
        var spellings = ClassName.Spellings(["Cat", "cafe\u0301", "cat", "caf\u00E9", "dog"]);

        Assert.Equal(3, spellings.Count);
        Assert.Equal(("Cat", "caf\u00E9", "dog"), (spellings["CAT"], spellings["CAFE\u0301"], spellings["Dog"]));
    }
}

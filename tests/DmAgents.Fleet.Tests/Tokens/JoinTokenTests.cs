using DmAgents.Domain.Fleet;
using DmAgents.Domain.Layers;
using DmAgents.Fleet.Tokens;

namespace DmAgents.Fleet.Tests.Tokens;

public class JoinTokenTests
{
    private static readonly FleetId _fleet = new(Guid.Parse("0f8fad5b-d9cb-469f-a165-70867728950e"));
    private static readonly AuthorityFingerprint _authority = new(Digest.Of("authority"u8));
    private static readonly JoinToken _token = JoinToken.Of(_fleet, _authority, "0123456789abcdef"u8);

    /// <summary>Tokens are read by other releases: these characters never change.</summary>
    private const string Word =
        "dmf047rzbavv75md7x1cnr8cxs8jm78yxqxa0dvd3qq3x72ety2hwmvsr807"
        + "c62s7cmf3f83ddzr36y3t9g64s36d1n6rvkgeb1c9hp8sb6rycq64g";

    [Fact]
    public void Its_word_never_changes() => Assert.Equal(Word, _token.ToWord());

    [Fact]
    public void It_is_one_word_that_a_double_click_selects() =>
        Assert.Matches(@"\A[a-z0-9]+\z", JoinToken.Make(_fleet, _authority).ToWord());

    [Fact]
    public void It_is_read_in_either_case_and_with_blanks_around_it()
    {
        Assert.Equal(new TokenReading.Read(_token), JoinToken.Read(_token.ToWord()));
        Assert.Equal(new TokenReading.Read(_token), JoinToken.Read($" {_token.ToWord().ToUpperInvariant()}\n"));
        var read = ((TokenReading.Read)JoinToken.Read(_token.ToWord())).Token;
        Assert.Equal((_fleet, _authority, _token.Hash), (read.Fleet, read.Authority, read.Hash));
    }

    [Fact]
    public void Letters_that_look_like_digits_are_read_as_these()
    {
        var word = _token.ToWord();
        var alike = "dmf" + word[3..].Replace('0', 'o').Replace('1', 'l');

        Assert.Equal(new TokenReading.Read(_token), JoinToken.Read(alike));
    }

    [Fact]
    public void Each_wrong_character_and_each_exchange_is_named_a_typing_error()
    {
        var word = _token.ToWord();
        for (var index = 0; index < word.Length; index++)
        {
            var wrong = word.ToCharArray();
            wrong[index] = wrong[index] == 'x' ? 'y' : 'x';
            Assert.IsType<TokenReading.Mistyped>(JoinToken.Read(new string(wrong)));
        }
        for (var index = 0; index + 1 < word.Length; index++)
        {
            var exchanged = word.ToCharArray();
            (exchanged[index], exchanged[index + 1]) = (exchanged[index + 1], exchanged[index]);
            if (exchanged[index] != exchanged[index + 1])
                Assert.IsType<TokenReading.Mistyped>(JoinToken.Read(new string(exchanged)));
        }
    }

    [Fact]
    public void What_is_wrong_with_a_word_is_said()
    {
        var word = _token.ToWord();

        Assert.Contains("there is no token", WhyOf(null), StringComparison.Ordinal);
        Assert.Contains("there is no token", WhyOf("  "), StringComparison.Ordinal);
        Assert.Contains("begins with 'dmf'", WhyOf("abc"), StringComparison.Ordinal);
        Assert.Contains($"this one {word.Length - 1}", WhyOf(word[..^1]), StringComparison.Ordinal);
        Assert.Contains($"this one {word.Length + 1}", WhyOf(word + "0"), StringComparison.Ordinal);
        Assert.Contains("character 10 ", WhyOf(word[..9] + "u" + word[10..]), StringComparison.Ordinal);
        Assert.Contains("character 10 ", WhyOf(word[..9] + "é" + word[10..]), StringComparison.Ordinal);
        var changed = word[..^2] + (word[^2] == '0' ? '1' : '0') + word[^1];
        Assert.Contains("checksum", WhyOf(changed), StringComparison.Ordinal);
    }

    [Fact]
    public void A_token_of_another_version_is_not_called_mistyped()
    {
        var bytes = _token.Bytes.ToArray();
        bytes[0] = 2;
        var sum = System.Security.Cryptography.SHA256.HashData(bytes).AsSpan(0, 4);

        Assert.Equal(
            new TokenReading.OtherVersion(2), JoinToken.Read(TokenWord.Prefix + TokenWord.Encode([.. bytes, .. sum])));
    }

    [Fact]
    public void Two_tokens_differ_and_a_log_shows_neither()
    {
        var one = JoinToken.Make(_fleet, _authority);
        var two = JoinToken.Make(_fleet, _authority);

        Assert.NotEqual(one, two);
        Assert.NotEqual(one.Hash, two.Hash);
        Assert.DoesNotContain(one.ToWord()[60..], $"{one}", StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_of_each_length_are_read_as_they_were_written()
    {
        for (var length = 0; length < 70; length++)
        {
            var bytes = new byte[length];
            new Random(length).NextBytes(bytes);
            var word = TokenWord.Encode(bytes);
            Assert.Equal(TokenWord.LengthOf(length), word.Length);
            Assert.Equal(bytes, TokenWord.Decode(word));
        }
    }

    private static string WhyOf(string? word) => Assert.IsType<TokenReading.Mistyped>(JoinToken.Read(word)).Why;
}

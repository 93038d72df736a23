using System.Text.RegularExpressions;
using DmAgents.Agent.Containerd.Filters;

namespace DmAgents.Agent.Tests.Containerd.Filters;

public class Re2ExpressionTests
{
    [Theory]
    [InlineData(@"^\d$", "7", "\u0667")]
    [InlineData(@"^\D$", "\u0667", "7")]
    [InlineData(@"^\w+$", "aZ_9", "é")]
    [InlineData(@"^\W$", "é", "a")]
    [InlineData(@"^\s$", "\t", "\v")]
    [InlineData(@"^\S$", "\u00A0", " ")]
    [InlineData(@"^[\d_]$", "_", "\u0667")]
    [InlineData(@"^[^\s]$", "\v", " ")]
    [InlineData(@"^[\W]$", "é", "a")]
    [InlineData(@"^[[:alpha:]]$", "a", ":")]
    [InlineData(@"^[[:^alpha:]x]$", "1", "a")]
    [InlineData(@"^[^[:space:]]$", "a", "\v")]
    [InlineData(@"^[a-z-[aeiou]]$", "b]", "b")]
    [InlineData(@"^[]a]$", "]", "b")]
    [InlineData(@"^[^]a]$", "b", "]")]
    [InlineData(@"^[a\]]$", "]", "\\")]
    [InlineData(@"^[a-]$", "-", "b")]
    [InlineData(@"^[-a]$", "-", "b")]
    [InlineData(@"^[\d-z]$", "-", "y")]
    [InlineData(@"^[a&&b]$", "&", "c")]
    [InlineData(@"^\pL\p{Lu}\PN$", "aBc", "ab1")]
    [InlineData(@"^[\p{Nd}]$", "\u0667", "a")]
    [InlineData(@"a$", "ba", "a\n")]
    [InlineData(@"(?m)a$", "a\nb", "ab")]
    [InlineData(@"(?m:^a)$", "b\na", "a\nb")]
    [InlineData(@"(?m)(?-m:a$)", "a", "a\nb")]
    [InlineData(@"((?m)x|a$)", "a\nb", "ab")]
    [InlineData(@"^a.b$", "a-b", "a\nb")]
    [InlineData(@"(?s)^a.b$", "a\nb", "ab")]
    [InlineData(@"(?i)^ABC$", "abc", "abd")]
    [InlineData(@"^(?P<x>a)(?<y>b)$", "ab", "a")]
    [InlineData(@"^\Qa.b\E.$", "a.bc", "aXbc")]
    [InlineData(@"^\Q(", "(", "a")]
    [InlineData(@"^\x41\x{1F600}\101\0$", "A😀A\0", "A")]
    [InlineData(@"^\.\-\/\_$", ".-/_", "a-/_")]
    [InlineData(@"^😀{2}$", "😀😀", "😀")]
    [InlineData(@"^a{01}$", "a{01}", "a")]
    [InlineData(@"^a{,2}$", "a{,2}", "aa")]
    [InlineData(@"^a{2,}?$", "aaa", "a")]
    [InlineData(@"^(ab|c)+?d*$", "abcab", "a")]
    [InlineData(@"x*", "", null)]
    [InlineData(@"^#\ ?a b$", "# a b", "#ab")]
    [InlineData(@"\Aab\z", "ab", "ab\n")]
    [InlineData(@"\bfoo\b", "a foo", "foot")]
    [InlineData(@"^(|a|)$", "", "b")]
    [InlineData(@"^}]$", "}]", "]")]
    public void It_means_what_RE2_means(string expression, string matching, string? other)
    {
        var regex = Re2Expression.Compile(expression, 0);
        Assert.Matches(regex, matching);
        if (other is not null)
            Assert.DoesNotMatch(regex, other);
    }

    [Theory]
    [InlineData("(")]
    [InlineData(")")]
    [InlineData("a)")]
    [InlineData("[")]
    [InlineData("[]")]
    [InlineData("[^]")]
    [InlineData("[b-a]")]
    [InlineData(@"[a-\d]")]
    [InlineData("[[:nobody:]]")]
    [InlineData("*")]
    [InlineData("{2}")]
    [InlineData("a|*")]
    [InlineData("(+)")]
    [InlineData("(?i)*")]
    [InlineData("a**")]
    [InlineData("a*+")]
    [InlineData("a{2}{3}")]
    [InlineData("a{2,1}")]
    [InlineData("a{1001}")]
    [InlineData("a{99999999999}")]
    [InlineData("a{600}b{600}")]
    [InlineData("((a{100}){10}){2}")]
    [InlineData("((a{1000}){1000}){1000}")]
    [InlineData("(?=a)")]
    [InlineData("(?!a)")]
    [InlineData("(?<=a)")]
    [InlineData("(?>a)")]
    [InlineData("(?#a)")]
    [InlineData("(?x)a")]
    [InlineData("(?n)a")]
    [InlineData("(?U)a")]
    [InlineData("(?<a-b>c)")]
    [InlineData("(?P<9>c)")]
    [InlineData("(?P=a)")]
    [InlineData("(?")]
    [InlineData("(?i")]
    [InlineData("(?-)")]
    [InlineData(@"(a)\1")]
    [InlineData(@"\8")]
    [InlineData(@"\k<a>")]
    [InlineData(@"\Z")]
    [InlineData(@"\G")]
    [InlineData(@"\E")]
    [InlineData(@"\C")]
    [InlineData(@"\e")]
    [InlineData(@"\cA")]
    [InlineData(@"\u0041")]
    [InlineData(@"\é")]
    [InlineData(@"\x4")]
    [InlineData(@"\x{}")]
    [InlineData(@"\x{110000}")]
    [InlineData(@"\p")]
    [InlineData(@"\p{")]
    [InlineData(@"\p{IsGreek}")]
    [InlineData(@"\p{Greek}")]
    [InlineData(@"[😀]")]
    [InlineData(@"a\")]
    public void What_RE2_does_not_have_is_refused(string expression)
    {
        var fault = Assert.Throws<FilterSyntaxException>(() => Re2Expression.Compile(expression, position: 7));
        Assert.Equal(7, fault.Position);
        Assert.StartsWith($"the regular expression {expression} is wrong: ", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_broken_text_is_refused() =>
        Assert.Throws<FilterSyntaxException>(() => Re2Expression.Compile("a\uDCFF", position: 0));

    /// <summary>A backtracking engine would need longer than the world stands.</summary>
    [Fact]
    public void Nested_repetitions_are_linear()
    {
        var regex = Re2Expression.Compile("^(a*)*(b|a+)*$", 0);
        var matches = true;
        // A second may be too short for a process that has little time, but is not so again and again.
        for (var tries = 1; matches; tries++)
        {
            try
            {
                matches = regex.IsMatch(new string('a', 4000) + "!");
                Assert.False(matches);
            }
            catch (RegexMatchTimeoutException) when (tries < 100)
            {
            }
        }
    }

    /// <summary>Many states at once make even a linear engine slow. It gives up; a List must not hang.</summary>
    [Theory]
    [InlineData("([ab]*a[ab]{20}){20}c")]
    [InlineData("(.{0,99}a){9}c")]
    [InlineData("(a?b?){499}c")]
    public async Task A_costly_expression_ends_in_time(string expression)
    {
        var regex = Re2Expression.Compile(expression, 0);
        var matching = Task.Run(() => regex.IsMatch(string.Concat(Enumerable.Repeat("aba", 1365))));
        var fault = await Record.ExceptionAsync(() => matching.WaitAsync(TimeSpan.FromMinutes(5)));
        Assert.True(fault is null or RegexMatchTimeoutException, $"{fault}");
    }
}

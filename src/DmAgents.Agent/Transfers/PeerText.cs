using System.Globalization;
using DmAgents.Domain.Pools;

namespace DmAgents.Agent.Transfers;

/// <summary>Makes texts of another host safe for a log and a terminal.</summary>
internal static class PeerText
{
    private const int MaxLength = 1024;

    /// <summary>At most 1,024 characters, and none that moves a cursor or reverses the direction of the text.</summary>
    public static string Of(string text)
    {
        var part = text.Length > MaxLength ? text[..MaxLength] + "..." : text;
        return string.Concat(part.Select(letter => IsPrinted(letter) ? letter : '?'));
    }

    public static Refusal Of(Refusal refusal) => new(
        Enum.IsDefined(refusal.Kind) ? refusal.Kind : RefusalKind.Failed, Of(refusal.What), Of(refusal.Subject),
        Of(refusal.Why), Of(refusal.Next));

    private static bool IsPrinted(char letter) => char.GetUnicodeCategory(letter) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
        or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned);
}

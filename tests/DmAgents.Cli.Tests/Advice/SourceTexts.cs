using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DmAgents.Cli.Tests.Advice;

/// <summary>The texts that a C# source file can print: string literals, interpolated strings, and their sums, with each
/// branch of a choice in them.</summary>
internal sealed class SourceTexts : CSharpSyntaxWalker
{
    /// <summary>Stands for what is known only at run time. It is a valid name, thin id, size, path and reference.
    /// </summary>
    public const string Hole = "7";

    /// <summary>A sum of many choices has more texts than a test has time for.</summary>
    private const int Most = 256;

    private readonly List<string> _found = [];

    private SourceTexts()
    {
    }

    /// <summary>The texts of <paramref name="source"/>, a whole one for each sum of strings.</summary>
    public static IReadOnlyList<string> Of(string source)
    {
        var walker = new SourceTexts();
        walker.Visit(CSharpSyntaxTree.ParseText(source).GetRoot());
        return walker._found;
    }

    public override void VisitBinaryExpression(BinaryExpressionSyntax node)
    {
        if (!node.IsKind(SyntaxKind.AddExpression) || TextsOf(node) is not { Count: > 0 } texts)
        {
            base.VisitBinaryExpression(node);
            return;
        }
        _found.AddRange(texts);
        VisitHolesOf(node);
    }

    public override void VisitLiteralExpression(LiteralExpressionSyntax node) => _found.AddRange(TextsOf(node));

    public override void VisitInterpolatedStringExpression(InterpolatedStringExpressionSyntax node)
    {
        _found.AddRange(TextsOf(node));
        VisitHolesOf(node);
    }

    /// <summary>The texts of a string expression; none if <paramref name="node"/> has no string in it.</summary>
    private static IReadOnlyList<string> TextsOf(ExpressionSyntax node) => node switch
    {
        LiteralExpressionSyntax { Token.Value: string text } => [text],
        InterpolatedStringExpressionSyntax interpolated => interpolated.Contents.Aggregate(
            (IReadOnlyList<string>)[""],
            (texts, part) => Joined(texts, part is InterpolatedStringTextSyntax fixedText
                ? [fixedText.TextToken.ValueText]
                : OrHole(TextsOf(((InterpolationSyntax)part).Expression)))),
        ParenthesizedExpressionSyntax inner => TextsOf(inner.Expression),
        ConditionalExpressionSyntax choice => Either([choice.WhenTrue, choice.WhenFalse]),
        SwitchExpressionSyntax choice => Either(choice.Arms.Select(arm => arm.Expression)),
        BinaryExpressionSyntax { RawKind: (int)SyntaxKind.CoalesceExpression } choice =>
            Either([choice.Left, choice.Right]),
        BinaryExpressionSyntax { RawKind: (int)SyntaxKind.AddExpression } sum =>
            (TextsOf(sum.Left), TextsOf(sum.Right)) switch
            {
                ({ Count: 0 }, { Count: 0 }) => [],
                var (left, right) => Joined(OrHole(left), OrHole(right)),
            },
        _ => [],
    };

    /// <summary>None if no branch has a string in it; else a branch without one is known at run time.</summary>
    private static List<string> Either(IEnumerable<ExpressionSyntax> branches)
    {
        var texts = branches.Select(TextsOf).ToList();
        return texts.TrueForAll(branch => branch.Count == 0) ? [] : [.. texts.SelectMany(OrHole).Distinct()];
    }

    private static IReadOnlyList<string> OrHole(IReadOnlyList<string> texts) => texts.Count == 0 ? [Hole] : texts;

    private static List<string> Joined(IReadOnlyList<string> left, IReadOnlyList<string> right) =>
        [.. left.SelectMany(first => right.Select(second => first + second)).Distinct().Take(Most)];

    /// <summary>Visits the parts of <paramref name="node"/> that are not texts themselves, but may hold some.</summary>
    private void VisitHolesOf(ExpressionSyntax node)
    {
        switch (node)
        {
            case LiteralExpressionSyntax:
                break;
            case InterpolatedStringExpressionSyntax interpolated:
                foreach (var hole in interpolated.Contents.OfType<InterpolationSyntax>())
                    Visit(hole.Expression);
                break;
            case BinaryExpressionSyntax { RawKind: (int)SyntaxKind.AddExpression } sum:
                VisitHolesOf(sum.Left);
                VisitHolesOf(sum.Right);
                break;
            default:
                Visit(node);
                break;
        }
    }
}

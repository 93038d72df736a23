using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DmAgents.Cli.Tests.Advice;

/// <summary>The texts that a C# source file can print: string literals, interpolated strings, and their sums.</summary>
internal sealed class SourceTexts : CSharpSyntaxWalker
{
    /// <summary>Stands for what is known only at run time. It is a valid name, thin id, size, path and reference.
    /// </summary>
    public const string Hole = "7";

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
        if (!node.IsKind(SyntaxKind.AddExpression) || TextOf(node) is not { } text)
        {
            base.VisitBinaryExpression(node);
            return;
        }
        _found.Add(text);
        VisitHolesOf(node);
    }

    public override void VisitLiteralExpression(LiteralExpressionSyntax node)
    {
        if (TextOf(node) is { } text)
            _found.Add(text);
    }

    public override void VisitInterpolatedStringExpression(InterpolatedStringExpressionSyntax node)
    {
        _found.Add(TextOf(node)!);
        VisitHolesOf(node);
    }

    /// <summary>The text of a string expression, of a choice its first; null if <paramref name="node"/> has no string
    /// in it.</summary>
    private static string? TextOf(ExpressionSyntax node) => node switch
    {
        LiteralExpressionSyntax { Token.Value: string text } => text,
        InterpolatedStringExpressionSyntax interpolated => interpolated.Contents.Aggregate(
            new StringBuilder(),
            (text, part) => text.Append(part is InterpolatedStringTextSyntax fixedText
                ? fixedText.TextToken.ValueText
                : TextOf(((InterpolationSyntax)part).Expression) ?? Hole)).ToString(),
        ParenthesizedExpressionSyntax inner => TextOf(inner.Expression),
        ConditionalExpressionSyntax choice => TextOf(choice.WhenTrue),
        BinaryExpressionSyntax { RawKind: (int)SyntaxKind.AddExpression } sum =>
            (TextOf(sum.Left), TextOf(sum.Right)) switch
            {
                (null, null) => null,
                var (left, right) => (left ?? Hole) + (right ?? Hole),
            },
        _ => null,
    };

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

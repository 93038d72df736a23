using DmAgents.Domain.Fleet;

namespace DmAgents.Domain.Tests.Fleet;

public class FleetNamesTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("prod-2")]
    [InlineData("01234567890123456789012345678901")]
    public void A_fleets_name_is_letters_digits_and_hyphens(string text)
    {
        Assert.True(FleetName.TryParse(text, out var name));
        Assert.Equal(text, name.Value);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("-a")]
    [InlineData("Prod")]
    [InlineData("a.b")]
    [InlineData("a\n")]
    [InlineData("012345678901234567890123456789012")]
    public void Anything_else_is_no_fleets_name(string? text) => Assert.False(FleetName.TryParse(text, out _));

    [Theory]
    [InlineData("a")]
    [InlineData("web-1")]
    [InlineData("012345678901234567890123456789012345678901234567890123456789012")]
    public void A_hosts_name_is_one_label_of_dns(string text)
    {
        Assert.True(HostName.TryParse(text, out var name));
        Assert.Equal(text, name.Value);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("-a")]
    [InlineData("a-")]
    [InlineData("a.b")]
    [InlineData("*")]
    [InlineData("Web")]
    [InlineData("a\n")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123")]
    public void Anything_else_is_no_hosts_name(string? text) => Assert.False(HostName.TryParse(text, out _));

    [Fact]
    public void A_fleets_id_has_one_spelling_in_a_dns_name()
    {
        var id = new FleetId(Guid.Parse("0f8fad5b-d9cb-469f-a165-70867728950e"));

        Assert.Equal("0f8fad5bd9cb469fa16570867728950e", id.Label);
        Assert.True(FleetId.TryParseLabel(id.Label, out var read));
        Assert.Equal(id, read);
        Assert.False(FleetId.TryParseLabel(id.Label.ToUpperInvariant(), out _));
        Assert.False(FleetId.TryParseLabel(id.ToString(), out _));
        Assert.False(FleetId.TryParseLabel(null, out _));
    }

    [Theory]
    [InlineData("web1:2552", "web1", 2552)]
    [InlineData("WEB1.example.com:1", "web1.example.com", 1)]
    [InlineData("10.0.0.1:65535", "10.0.0.1", 65535)]
    [InlineData("[fd00::1]:2552", "fd00::1", 2552)]
    public void An_address_is_a_host_and_a_port(string text, string host, int port)
    {
        Assert.True(MemberAddress.TryParse(text, out var address));
        Assert.Equal((host, port), (address.Host, address.Port));
        Assert.Equal(text.ToLowerInvariant(), address.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("web1")]
    [InlineData("web1:")]
    [InlineData(":2552")]
    [InlineData("web1:0")]
    [InlineData("web1:65536")]
    [InlineData("web1:+1")]
    [InlineData("fd00::1:2552")]
    [InlineData("[10.0.0.1]:2552")]
    [InlineData("[fe80::1%eth0]:2552")]
    [InlineData("web..1:2552")]
    [InlineData("we b:2552")]
    [InlineData("web\u001b[2J:2552")]
    public void Anything_else_is_no_address(string? text) => Assert.False(MemberAddress.TryParse(text, out _));

    [Fact]
    public void A_serial_number_has_one_to_twenty_bytes_in_lower_case_hex()
    {
        Assert.True(CertificateSerial.TryParse("00ff10", out var serial));
        Assert.Equal(serial, CertificateSerial.Of([0, 0xff, 0x10]));
        Assert.Equal([0, 0xff, 0x10], serial.ToBytes());
        Assert.False(CertificateSerial.TryParse("00FF", out _));
        Assert.False(CertificateSerial.TryParse("0", out _));
        Assert.False(CertificateSerial.TryParse("", out _));
        Assert.False(CertificateSerial.TryParse(new string('0', 42), out _));
        Assert.Throws<ArgumentException>(() => CertificateSerial.Of(new byte[21]));
    }
}

using System.Text;
using System.Text.Json;
using SafetySdk.Models.Conversion;

namespace SafetySdk.Models.Tests.Conversion;

public sealed class JavaScriptLiteralTests
{
    private const string Wrapper = "!function(e){module.exports=e()}(function(){return function(e,a){a.exports=";

    [Fact]
    public void An_object_literal_is_read()
    {
        using JsonDocument read = JavaScriptLiteral.ReadExports(Encoding.UTF8.GetBytes(
            Wrapper + "{a_1:!0,b:!1,c:null,$d:\"x,{y}\",e:[.5,-.25,1963169733975448e-20,-3,7],f:{}}},{}]},{},[1])(1)});"));
        JsonElement root = read.RootElement;
        Assert.True(root.GetProperty("a_1").GetBoolean());
        Assert.False(root.GetProperty("b").GetBoolean());
        Assert.Equal(JsonValueKind.Null, root.GetProperty("c").ValueKind);
        Assert.Equal("x,{y}", root.GetProperty("$d").GetString());
        Assert.Equal([0.5, -0.25, 1963169733975448e-20, -3, 7], root.GetProperty("e").EnumerateArray().Select(static item => item.GetDouble()));
        Assert.Equal(JsonValueKind.Object, root.GetProperty("f").ValueKind);
    }

    [Theory]
    [InlineData("{a:1")]
    [InlineData("{a:!2}")]
    [InlineData("{a:\"\\n\"}")]
    [InlineData("{a:require}")]
    [InlineData("{a:function(){}}")]
    [InlineData("{a:1 + 1}")]
    [InlineData("{a:\"never closed}")]
    [InlineData("{a:--1}")]
    [InlineData("{a::1}")]
    [InlineData("{a")]
    [InlineData("[1]")]
    public void Everything_else_is_refused(string literal) =>
        Assert.Throws<InvalidDataException>(() => JavaScriptLiteral.ReadExports(Encoding.UTF8.GetBytes(Wrapper + literal)));

    [Fact]
    public void A_shard_is_read_and_short_strings_are_skipped()
    {
        byte[] shard = new byte[1000];
        Random.Shared.NextBytes(shard);
        string script = $"!function(e){{if(\"object\"==typeof exports)e(\"short+/=\")}}(\"{Convert.ToBase64String(shard)}\",{{}})";
        Assert.Equal(shard, JavaScriptLiteral.ReadBase64(Encoding.UTF8.GetBytes(script)));
    }

    [Fact]
    public void A_script_without_a_shard_is_refused()
    {
        Assert.Throws<InvalidDataException>(() => JavaScriptLiteral.ReadBase64("no strings"u8));
        Assert.Throws<InvalidDataException>(() => JavaScriptLiteral.ReadBase64("\"AAAA\""u8));
        Assert.Throws<InvalidDataException>(() => JavaScriptLiteral.ReadBase64(Encoding.UTF8.GetBytes($"\"{new string('A', 2000)}")));
        Assert.Throws<InvalidDataException>(() => JavaScriptLiteral.ReadBase64(Encoding.UTF8.GetBytes($"\"{new string('=', 2000)}\"")));
    }
}
